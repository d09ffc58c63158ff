#include "arrays.h"

#include <stretto/error.h>

#include <algorithm>
#include <new>

namespace stretto::python {
namespace {

constexpr std::align_val_t kCacheLine{64};

struct TypeRow {
  ElementType type;
  nb::dlpack::dtype_code code;
  uint8_t bits;
  const char* name;
};
using Code = nb::dlpack::dtype_code;
constexpr TypeRow kTypes[] = {
    {ElementType::f32, Code::Float, 32, "float32"},    {ElementType::f16, Code::Float, 16, "float16"},
    {ElementType::bf16, Code::Bfloat, 16, "bfloat16"}, {ElementType::f64, Code::Float, 64, "float64"},
    {ElementType::i8, Code::Int, 8, "int8"},           {ElementType::u8, Code::UInt, 8, "uint8"},
    {ElementType::i16, Code::Int, 16, "int16"},        {ElementType::u16, Code::UInt, 16, "uint16"},
    {ElementType::i32, Code::Int, 32, "int32"},        {ElementType::u32, Code::UInt, 32, "uint32"},
    {ElementType::i64, Code::Int, 64, "int64"},        {ElementType::u64, Code::UInt, 64, "uint64"},
    {ElementType::boolean, Code::Bool, 8, "bool"},
};

const TypeRow& row_of(ElementType type) {
  return *std::find_if(std::begin(kTypes), std::end(kTypes) - 1, [&](const TypeRow& r) { return r.type == type; });
}

nb::dlpack::dtype dtype_of(ElementType type) {
  const TypeRow& row = row_of(type);
  return {static_cast<uint8_t>(row.code), row.bits, 1};
}

std::string name_of(const nb::dlpack::dtype& dtype) {
  for (const TypeRow& row : kTypes) {
    if (dtype_of(row.type) == dtype) return row.name;
  }
  return std::to_string(dtype.bits) + "-bit elements of another kind";
}

std::string shape_text(const int64_t* shape, size_t rank) {
  std::string text;
  for (size_t i = 0; i < rank; ++i) text += (i ? "x" : "") + std::to_string(shape[i]);
  return rank ? text : "scalar";
}

[[noreturn]] void refuse(const char* kind, const TensorInfo& info, const std::string& why) {
  throw Error(ErrorKind::bad_usage, std::string(kind) + " '" + info.name + "' takes " + text_of(info) + ", " + why);
}

template <class Array>
bool same_shape(const TensorInfo& info, const Array& array) {
  return array.ndim() == info.shape.size() && std::equal(info.shape.begin(), info.shape.end(), array.shape_ptr());
}

template <class Array>
bool is_dense(const Array& array) {
  int64_t step = 1;
  for (size_t i = array.ndim(); i-- > 0;) {
    if (array.shape(i) != 1 && array.stride(i) != step) return false;
    step *= static_cast<int64_t>(array.shape(i));
  }
  return true;
}

template <class Array>
Array checked(const char* kind, const TensorInfo& info, nb::handle given, const char* what) {
  Array array;
  if (!nb::try_cast(given, array, false)) {
    refuse(kind, info, "not " + std::string(nb::type_name(given.type()).c_str()) + ": give " + what);
  }
  if (array.device_type() != nb::device::cpu::value) {
    refuse(kind, info, "in this machine's memory; the array is on a device: copy it with .cpu() first");
  }
  if (array.dtype() != dtype_of(info.type)) {
    refuse(kind, info,
           "not " + name_of(array.dtype()) + ": convert it, as with .astype('" + row_of(info.type).name + "')");
  }
  if (!same_shape(info, array)) {
    refuse(kind, info,
           "not " + shape_text(array.shape_ptr(), array.ndim()) +
               ": give that shape, or build the plan for this one with shapes=");
  }
  if (!is_dense(array)) refuse(kind, info, "dense and row-major: copy it with numpy.ascontiguousarray");
  return array;
}

}  // namespace

std::string text_of(const TensorInfo& info) {
  return shape_text(info.shape.data(), info.shape.size()) + " " + row_of(info.type).name;
}

InputArray as_input(const TensorInfo& info, nb::handle given) {
  return checked<InputArray>("input", info, given, "a NumPy array, or a tensor with __dlpack__");
}

OutputArray as_output(const TensorInfo& info, nb::handle given) {
  return checked<OutputArray>("output", info, given, "a writable NumPy array, or a tensor with __dlpack__");
}

bool has_shape_of(const TensorInfo& info, nb::handle given) {
  InputArray array;
  return nb::try_cast(given, array, false) && same_shape(info, array);
}

nb::object new_array(const TensorInfo& info, void*& data) {
  data = ::operator new(std::max<size_t>(1, info.bytes), kCacheLine);
  const nb::capsule owner(data, [](void* p) noexcept { ::operator delete(p, kCacheLine); });
  std::vector<size_t> shape(info.shape.begin(), info.shape.end());
  const nb::ndarray<nb::numpy> array(data, shape.size(), shape.data(), owner, nullptr, dtype_of(info.type));
  return nb::cast(array, nb::rv_policy::reference);
}

}  // namespace stretto::python
