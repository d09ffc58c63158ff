# Headers of others that most files read are parsed once: stretto_headers for the rooms, stretto_test_headers for their
# tests. Files still include what they use.
set(common_headers <algorithm> <cmath> <cstdint> <functional> <map> <memory> <optional> <span> <string> <string_view>
    <utility> <variant> <vector> <fmt/format.h>)

# stretto_headers(NAME HEADERS…): an object library that owns a precompiled header.
function(stretto_headers name)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/${name}.cc CONTENT "")
  add_library(${name} OBJECT ${CMAKE_BINARY_DIR}/${name}.cc)
  target_precompile_headers(${name} PRIVATE ${ARGN})
endfunction()

# Nothing in a test is hot; sanitized, even -O1 takes twice the time to compile.
if(STRETTO_SANITIZE)
  set(test_options -O0)
else()
  set(test_options -O1)
endif()

# stretto_test(NAME SOURCES…): a program of unit tests, known to CTest.
function(stretto_test name)
  add_executable(${name}_test ${ARGN})
  target_compile_options(${name}_test PRIVATE ${test_options})
  set_target_properties(${name}_test PROPERTIES POSITION_INDEPENDENT_CODE OFF)
  target_precompile_headers(${name}_test REUSE_FROM stretto_test_headers)
  add_test(NAME ${name} COMMAND ${name}_test)
  set_tests_properties(${name} PROPERTIES WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
endfunction()

# stretto_room(NAME DIR <folder> DEPS <rooms> LIBS <libraries>): one static library of a folder's *.cc, tests left out.
# Tests (*_test.cc beside the code) become one executable a room, NAME_test, known to CTest.
function(stretto_room name)
  cmake_parse_arguments(ROOM "" "DIR" "DEPS;LIBS;TEST_DEPS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${ROOM_DIR}/*.cc)
  set(tests ${sources})
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$|_bench\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  add_library(stretto_${name} STATIC ${sources})
  target_include_directories(stretto_${name} PUBLIC ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR}/include)
  set_target_properties(stretto_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_precompile_headers(stretto_${name} REUSE_FROM stretto_headers)
  list(TRANSFORM ROOM_DEPS PREPEND stretto_)
  target_link_libraries(stretto_${name} PUBLIC ${ROOM_DEPS} ${ROOM_LIBS})
  if(STRETTO_TESTS AND tests)
    list(TRANSFORM ROOM_TEST_DEPS PREPEND stretto_)
    stretto_test(${name} ${tests})
    target_link_libraries(${name}_test PRIVATE stretto_${name} ${ROOM_TEST_DEPS} GTest::gtest_main)
  endif()
endfunction()
