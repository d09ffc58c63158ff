// What the parts of the module share.
#pragma once

#include <nanobind/nanobind.h>
#include <stretto/build.h>
#include <stretto/engine.h>

#include <optional>

namespace stretto::python {

namespace nb = nanobind;

/// Each adds its classes and functions to the module.
void add_build(nb::module_& module);
void add_engine(nb::module_& module);
void add_detect(nb::module_& module);

/// What Python calls an Engine: of a plan that was just built, or of a file.
nb::object make_engine(Engine engine, std::optional<Plan> plan);

/// The object that a line of JSON stands for.
nb::object from_json(const std::string& text);

}  // namespace stretto::python
