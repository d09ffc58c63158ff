// build() for Python: options by name, progress, interruption.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>

#include "cli/json.h"
#include "module.h"

namespace stretto::python {
namespace {

/// Moves options out of a dict by name; what is left at the end was misspelt.
class Options {
 public:
  explicit Options(const nb::dict& given) : given_(given) {}

  template <class T>
  void take(const char* name, T& field) {
    if (!given_.contains(name)) return;
    ++taken_;
    if (!nb::try_cast(given_[name], field)) {
      const std::string text = nb::cast<std::string>(nb::str(given_[name]));
      throw nb::type_error(("build: " + std::string(name) + "=" + text + " has another type than the option").c_str());
    }
  }

  void finish() const {
    if (taken_ != given_.size()) throw nb::type_error("build: there is an option that it does not know");
  }

 private:
  const nb::dict& given_;
  size_t taken_ = 0;
};

Precision precision_of(const std::string& name) {
  constexpr std::pair<const char*, Precision> kNames[] = {{"fp32", Precision::fp32},
                                                          {"tf32", Precision::tf32},
                                                          {"bf16", Precision::bf16},
                                                          {"fp16", Precision::fp16},
                                                          {"int8", Precision::int8}};
  for (const auto& [known, precision] : kNames) {
    if (name == known) return precision;
  }
  throw Error(ErrorKind::bad_usage, "'" + name + "' is no precision: give fp32, tf32, bf16, fp16 or int8");
}

Selection selection_of(const std::string& name) {
  if (name == "measure") return Selection::measure;
  if (name == "heuristic") return Selection::heuristic;
  if (name == "frozen") return Selection::frozen;
  throw Error(ErrorKind::bad_usage, "selection '" + name + "' is not known: give measure, heuristic or frozen");
}

BuildOptions build_options(const nb::dict& given) {
  BuildOptions o;
  Options options(given);
  std::vector<std::string> precisions;
  std::vector<std::pair<std::string, std::string>> layer_types;
  std::string selection = "measure";
  options.take("precision", precisions);
  options.take("obey_types", o.obey_types);
  options.take("calibration", o.calibration);
  options.take("calibration_cache", o.calibration_cache);
  options.take("calibration_method", o.calibration_method);
  options.take("layer_types", layer_types);
  options.take("max_error", o.max_error);
  options.take("export_onnx", o.export_onnx);
  options.take("explain", o.explain);
  options.take("device", o.device);
  options.take("shapes", o.shapes);
  options.take("batch", o.batch);
  options.take("isa", o.isa);
  options.take("threads", o.threads);
  options.take("time_budget_s", o.time_budget_s);
  options.take("memory_limit_bytes", o.memory_limit_bytes);
  options.take("selection", selection);
  options.take("force_tactics", o.force_tactics);
  options.take("skip_passes", o.skip_passes);
  options.take("list_tactics", o.list_tactics);
  options.take("tactic_cache", o.tactic_cache);
  options.take("log_tactics", o.log_tactics);
  options.take("tactics", o.tactics);
  options.take("preprocess", o.preprocess);
  options.take("verify_input", o.verify_input);
  options.take("verify", o.verify);
  options.finish();
  for (const std::string& name : precisions) o.precision = std::max(o.precision, precision_of(name));
  for (const auto& [layer, type] : layer_types) o.layer_types.emplace_back(layer, precision_of(type));
  o.selection = selection_of(selection);
  return o;
}

nb::object build_engine(const std::string& model, const nb::dict& given, const nb::object& callback) {
  BuildOptions options = build_options(given);
  // Throwing ends the build: a signal's exception, or one of the callback's own.
  options.progress = [&](const Progress& progress) {
    const nb::gil_scoped_acquire held;
    if (PyErr_CheckSignals() != 0) nb::raise_python_error();
    if (!callback.is_none()) callback(progress);
  };
  std::optional<Plan> plan;
  {
    const nb::gil_scoped_release released;
    plan = build(model, options);
  }
  Engine engine(*plan);
  return make_engine(std::move(engine), std::move(plan));
}

}  // namespace

void add_build(nb::module_& m) {
  nb::class_<Progress>(m, "Progress", "Where a build is.")
      .def_ro("stage", &Progress::stage, "\"import\", \"optimise\", \"calibrate\", \"time tactics\", …")
      .def_ro("fraction", &Progress::fraction, "Of the whole build, 0 to 1.")
      .def_ro("remaining_s", &Progress::remaining_s, "Estimate, in seconds; 0: not known yet.")
      .def_ro("detail", &Progress::detail, "What is worked on.");
  m.def("build", &build_engine, nb::arg("model"), nb::arg("options"), nb::arg("progress").none(),
        nb::sig("def build(model: str, options: dict[str, object], progress: object) -> Engine"),
        "stretto.build() with every option by the name that BuildOptions has in C++.");
}

}  // namespace stretto::python
