// stretto._native: the public C++ API for Python.
#include "module.h"

#include <stretto/error.h>

namespace stretto::python {
namespace {

PyObject* error_types[3];  // Error, InputError, UsageError; owned by the module

PyObject* type_of(ErrorKind kind) {
  return error_types[kind == ErrorKind::bad_input ? 1 : kind == ErrorKind::bad_usage ? 2 : 0];
}

nb::object add_error(nb::module_& m, const char* name, nb::handle bases, const char* doc) {
  const std::string full = std::string(nb::cast<std::string>(m.attr("__name__"))) + "." + name;
  nb::object type = nb::steal(PyErr_NewExceptionWithDoc(full.c_str(), doc, bases.ptr(), nullptr));
  if (!type.is_valid()) nb::raise_python_error();
  m.attr(name) = type;
  return type;
}

void add_errors(nb::module_& m) {
  const nb::object base = add_error(m, "Error", nb::handle(PyExc_RuntimeError),
                                    "The work failed: an unsupported operator, a check not met, a plan that this "
                                    "machine cannot serve. The message is one line: what, where, what to do.");
  const nb::tuple bases = nb::make_tuple(base, nb::handle(PyExc_ValueError));
  error_types[0] = base.ptr();
  error_types[1] = add_error(m, "InputError", bases, "A file that is missing, damaged or not what it should be.").ptr();
  error_types[2] =
      add_error(m, "UsageError", bases, "Arguments that contradict each other, the model or the plan: a wrong shape.")
          .ptr();
  nb::register_exception_translator(
      [](const std::exception_ptr& thrown, void*) {
        try {
          std::rethrow_exception(thrown);
        } catch (const Error& error) {
          const std::string_view text = error.what();
          const nb::object message =
              nb::steal(PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
          if (message.is_valid()) PyErr_SetObject(type_of(error.kind()), message.ptr());
        }
      },
      nullptr);
}

}  // namespace

nb::object from_json(const std::string& text) {
  return nb::module_::import_("json").attr("loads")(nb::bytes(text.data(), text.size()));
}

}  // namespace stretto::python

NB_MODULE(_native, m) {
  m.doc() = "The compiled part of stretto.";
  stretto::python::add_errors(m);
  stretto::python::add_engine(m);
  stretto::python::add_build(m);
  stretto::python::add_detect(m);
}
