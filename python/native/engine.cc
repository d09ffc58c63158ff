// Engine, Context and Pending for Python.
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>
#include <stretto/samples.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>

#include "arrays.h"
#include "cli/json.h"
#include "module.h"

namespace stretto::python {
namespace {

/// What a run needs, and keeps alive while it lasts.
struct Feeds {
  std::vector<InputArray> inputs;
  std::vector<OutputArray> given_outputs;
  std::vector<InputView> input_views;
  std::vector<OutputView> output_views;
  nb::dict results;
};

std::string names_of(const std::vector<TensorInfo>& infos) {
  std::string names;
  for (const TensorInfo& i : infos) names += (names.empty() ? "'" : ", '") + i.name + "'";
  return names;
}

const TensorInfo& find(const char* kind, const std::vector<TensorInfo>& infos, nb::handle key) {
  const std::string name = nb::cast<std::string>(nb::str(key));
  const auto found = std::find_if(infos.begin(), infos.end(), [&](const TensorInfo& i) { return i.name == name; });
  if (found != infos.end()) return *found;
  throw Error(ErrorKind::bad_usage,
              std::string("there is no ") + kind + " '" + name + "'; the network has " + names_of(infos));
}

void check_count(const std::vector<TensorInfo>& infos, size_t given) {
  if (given == infos.size()) return;
  throw Error(ErrorKind::bad_usage, "the network takes " + std::to_string(infos.size()) + " inputs (" +
                                        names_of(infos) + "), not " + std::to_string(given) + ": give each once");
}

class PyPending {
 public:
  PyPending(Pending pending, Feeds feeds) : pending_(std::move(pending)), feeds_(std::move(feeds)) {}
  PyPending(PyPending&&) = default;
  ~PyPending() {
    if (feeds_.results.is_valid() && !pending_.done()) finish();
  }

  bool done() const { return pending_.done(); }
  nb::dict wait() const {
    finish();
    return feeds_.results;
  }

 private:
  void finish() const {
    const nb::gil_scoped_release released;
    pending_.wait();
  }

  Pending pending_;
  Feeds feeds_;
};

class PyContext {
 public:
  PyContext(const Engine& engine, const ContextOptions& options)
      : inputs_(engine.inputs(options.program)), outputs_(engine.outputs(options.program)) {
    for (const TensorInfo& o : outputs_) output_names_.emplace_back(nb::str(o.name.c_str(), o.name.size()));
    const nb::gil_scoped_release released;
    context_.emplace(engine.context(options));
  }

  nb::dict run(const nb::args& inputs, const nb::object& outputs) {
    Feeds feeds = bind(inputs, outputs);
    {
      const nb::gil_scoped_release released;
      const std::lock_guard lock(*mutex_);
      context_->run(feeds.input_views, feeds.output_views);
    }
    return std::move(feeds.results);
  }

  PyPending run_async(const nb::args& inputs, const nb::object& outputs) {
    Feeds feeds = bind(inputs, outputs);
    std::optional<Pending> pending;
    {
      const nb::gil_scoped_release released;
      const std::lock_guard lock(*mutex_);
      pending = context_->run_async(feeds.input_views, feeds.output_views);
    }
    return {std::move(*pending), std::move(feeds)};
  }

  nb::list profile(const nb::args& inputs) {
    Feeds feeds = bind(inputs, nb::none());
    std::vector<StepTime> steps;
    {
      const nb::gil_scoped_release released;
      const std::lock_guard lock(*mutex_);
      steps = context_->profile(feeds.input_views, feeds.output_views);
    }
    nb::list list;
    for (const StepTime& s : steps) {
      nb::dict step;
      step["name"] = s.name;
      step["op"] = s.op;
      step["tactic"] = s.tactic;
      step["precision"] = s.precision;
      step["time_ms"] = s.ms;
      step["gflop"] = s.gflop;
      list.append(step);
    }
    return list;
  }

  int threads() const { return context_->threads(); }
  void place_caller() const { context_->place_caller(); }
  const std::vector<TensorInfo>& inputs() const { return inputs_; }
  const std::vector<TensorInfo>& outputs() const { return outputs_; }

 private:
  Feeds bind(const nb::args& given, const nb::object& outputs) const {
    Feeds feeds;
    feeds.inputs.reserve(inputs_.size());
    const auto add = [&](const TensorInfo& info, nb::handle array) {
      feeds.inputs.push_back(as_input(info, array));
      feeds.input_views.emplace_back(info.name, feeds.inputs.back().data(), info.bytes);
    };
    if (given.size() == 1 && nb::isinstance<nb::dict>(given[0])) {
      const auto named = nb::borrow<nb::dict>(given[0]);
      for (const auto [name, array] : named) add(find("input", inputs_, name), array);
      check_count(inputs_, named.size());
    } else {
      check_count(inputs_, given.size());
      for (size_t i = 0; i < inputs_.size(); ++i) add(inputs_[i], given[i]);
    }
    bind_outputs(outputs, feeds);
    return feeds;
  }

  void bind_outputs(const nb::object& given, Feeds& feeds) const {
    nb::dict named;
    if (!given.is_none()) {
      if (!nb::isinstance<nb::dict>(given)) throw nb::type_error("outputs= takes a dict from names to arrays");
      named = nb::borrow<nb::dict>(given);
      for (const auto [name, array] : named) find("output", outputs_, name);
    }
    for (size_t i = 0; i < outputs_.size(); ++i) {
      const TensorInfo& info = outputs_[i];
      void* data = nullptr;
      nb::object array;
      if (named.size() > 0 && named.contains(output_names_[i])) {
        array = named[output_names_[i]];
        feeds.given_outputs.push_back(as_output(info, array));
        data = feeds.given_outputs.back().data();
      } else {
        array = new_array(info, data);
      }
      feeds.results[output_names_[i]] = array;
      feeds.output_views.emplace_back(info.name, data, info.bytes);
    }
  }

  std::vector<TensorInfo> inputs_, outputs_;
  std::vector<nb::object> output_names_;
  std::optional<Context> context_;
  std::unique_ptr<std::mutex> mutex_ = std::make_unique<std::mutex>();  // a Context serves one thread at a time
};

class PyEngine {
 public:
  PyEngine(Engine engine, std::optional<Plan> plan)
      : engine_(std::move(engine)), plan_(std::move(plan)), own_(static_cast<size_t>(engine_.programs())) {}

  PyEngine(PyEngine&&) = default;  // contexts are not copied

  const Engine& engine() const { return engine_; }

  nb::dict run(const nb::args& inputs, const nb::object& outputs) {
    std::unique_ptr<PyContext>& own = own_[program_for(inputs)];
    if (!own) {
      auto made = std::make_unique<PyContext>(engine_, ContextOptions{.program = static_cast<int>(&own - own_.data())});
      if (!own) own = std::move(made);  // another thread may have been here meanwhile
    }
    return own->run(inputs, outputs);
  }

  void save(const std::string& path) const {
    if (!plan_) throw Error(ErrorKind::bad_usage, "this engine was loaded from a plan: copy that file");
    const nb::gil_scoped_release released;
    plan_->save(path);
  }

  nb::object report() const {
    if (!plan_) return nb::none();
    return from_json(cli::to_json(plan_->report(), "").dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
  }

  nb::object read(const std::string& path, const std::string& input, int program) const {
    const FileSamples file = read_samples(engine_, path, input, program);
    const std::vector<TensorInfo> inputs = engine_.inputs(program);
    const auto named = std::find_if(inputs.begin(), inputs.end(), [&](const TensorInfo& i) { return i.name == input; });
    TensorInfo info = named == inputs.end() ? inputs[0] : *named;
    if (!info.shape.empty()) info.shape[0] = file.samples;
    info.bytes = file.bytes.size();
    void* data = nullptr;
    nb::object array = new_array(info, data);
    std::memcpy(data, file.bytes.data(), file.bytes.size());
    return array;
  }

 private:
  /// The first set of shapes that fits; where none does, the first, whose refusal says what it takes.
  size_t program_for(const nb::args& given) const {
    for (size_t p = 0; own_.size() > 1 && p < own_.size(); ++p) {
      const std::vector<TensorInfo> inputs = engine_.inputs(static_cast<int>(p));
      const bool named = given.size() == 1 && nb::isinstance<nb::dict>(given[0]);
      bool fits = named || given.size() == inputs.size();
      for (size_t i = 0; fits && i < inputs.size(); ++i) {
        const char* name = inputs[i].name.c_str();
        nb::object array;
        if (!named) array = given[i];
        if (named && nb::borrow<nb::dict>(given[0]).contains(name)) array = given[0][name];
        fits = array.is_valid() && has_shape_of(inputs[i], array);
      }
      if (fits) return p;
    }
    return 0;
  }

  Engine engine_;
  std::optional<Plan> plan_;
  std::vector<std::unique_ptr<PyContext>> own_;  // contexts of run(), by program
};

PyEngine load(const std::string& path, bool check_weights) {
  const nb::gil_scoped_release released;
  return {Engine::load(path, check_weights), std::nullopt};
}

nb::dict memory_of(const PyEngine& self, int program, int threads) {
  const MemoryUse use = self.engine().memory(program, threads);
  nb::dict bytes;
  bytes["weights"] = use.weights;
  bytes["activations"] = use.activations;
  bytes["workspace"] = use.workspace;
  return bytes;
}

constexpr const char* kRunDoc =
    "Runs the network and waits for it, the GIL released.\n\n"
    "Inputs are arrays in the network's order, or one dict from names to arrays: NumPy's, or any tensor with "
    "__dlpack__, dense, in this machine's memory, with exactly the shape and type of `inputs`; none is copied. Returns "
    "a "
    "dict from the outputs' names to NumPy arrays of the shapes in `outputs`: those given with outputs=, which are "
    "written in place, else new ones. UsageError names what does not fit, before anything is computed.";

template <class Class>
void add_run(nb::class_<Class>& type) {
  type.def(
      "__call__", &Class::run, nb::arg("inputs"), nb::arg("outputs") = nb::none(),
      nb::sig("def __call__(self, *inputs: object, outputs: dict[str, object] | None = None) -> dict[str, object]"),
      kRunDoc);
}

void add_info(nb::module_& m) {
  nb::class_<TensorInfo>(m, "TensorInfo", "An input or output of a network: dense, row-major.")
      .def_ro("name", &TensorInfo::name)
      .def_ro("shape", &TensorInfo::shape, "By dimension; the batch comes first.")
      .def_prop_ro(
          "dtype",
          [](const TensorInfo& i) {
            const std::string text = text_of(i);
            return text.substr(text.rfind(' ') + 1);
          },
          "NumPy's name of the type: \"float32\".")
      .def_ro("bytes", &TensorInfo::bytes)
      .def("__repr__", [](const TensorInfo& i) { return "<" + i.name + ": " + text_of(i) + ">"; });
}

void add_context(nb::module_& m) {
  nb::class_<PyPending>(m, "Pending", "A run under way; it keeps the run's arrays alive.")
      .def_prop_ro("done", &PyPending::done, "True when the results are there.")
      .def("wait", &PyPending::wait, nb::sig("def wait(self) -> dict[str, object]"),
           "Returns the results when they are there, the GIL released meanwhile.");
  nb::class_<PyContext> context(m, "Context",
                                "Activations, scratch and workers for one stream of runs. Contexts of one engine share "
                                "its weights and are independent; threads that share one wait for each other.");
  add_run(context);
  context
      .def("run_async", &PyContext::run_async, nb::arg("inputs"), nb::arg("outputs") = nb::none(),
           nb::sig("def run_async(self, *inputs: object, outputs: dict[str, object] | None = None) -> Pending"),
           "As a call, but returns at once. Runs are done in order. Do not write to the inputs before wait().")
      .def("profile", &PyContext::profile, nb::arg("inputs"),
           nb::sig("def profile(self, *inputs: object) -> list[dict[str, object]]"),
           "A run that times each step: name, op, tactic, precision, time_ms, gflop. Slower than a call.")
      .def("place_caller", &PyContext::place_caller,
           "Puts the calling thread on the first of the cpus, with the priority, that the context was made with.")
      .def_prop_ro("threads", &PyContext::threads, "Workers, the caller included.")
      .def_prop_ro("inputs", &PyContext::inputs)
      .def_prop_ro("outputs", &PyContext::outputs);
}

}  // namespace

nb::object make_engine(Engine engine, std::optional<Plan> plan) {
  return nb::cast(PyEngine(std::move(engine), std::move(plan)));
}

void add_engine(nb::module_& m) {
  add_info(m);
  add_context(m);
  nb::class_<PyEngine> engine(
      m, "Engine",
      "A plan ready to run, from build() or load(). Calling it runs the network on a context of its own, made by the "
      "first call; of a plan with several sets of shapes the one that fits is taken. For other numbers of threads, or "
      "several runs at a time, make contexts.");
  add_run(engine);
  engine
      .def(
          "context",
          [](const PyEngine& self, int threads, int program, bool pacing, const std::vector<int>& cpus, int priority) {
            return PyContext(self.engine(), ContextOptions{threads, program, pacing, cpus, priority});
          },
          nb::kw_only(), nb::arg("threads") = 0, nb::arg("program") = 0, nb::arg("pacing") = true,
          nb::arg("cpus") = std::vector<int>(), nb::arg("priority") = 0,
          "A Context with so many threads (0: the CPUs this process may use) for a set of shapes, by its number. "
          "pacing: "
          "processors are woken shortly before the next run when runs come at a steady rate. cpus: one for each "
          "thread. "
          "priority: 1 to 99 for the system's real-time class.")
      .def("save", &PyEngine::save, nb::arg("path"),
           "Writes the plan that was built; the file appears whole or not at all.")
      .def(
          "read", &PyEngine::read, nb::arg("path"), nb::arg("input") = "", nb::arg("program") = 0,
          nb::sig("def read(self, path: str, input: str = '', program: int = 0) -> object"),
          "A file as an array for an input: raw float32, .npy, or .jpg and .png by the preprocessing that the plan was "
          "built with. Its first dimension is how many samples the file holds.")
      .def(
          "inputs_of", [](const PyEngine& self, int program) { return self.engine().inputs(program); },
          nb::arg("program"), "Inputs of a set of shapes.")
      .def(
          "outputs_of", [](const PyEngine& self, int program) { return self.engine().outputs(program); },
          nb::arg("program"), "Outputs of a set of shapes.")
      .def("memory", &memory_of, nb::arg("program") = 0, nb::arg("threads") = 0,
           nb::sig("def memory(self, program: int = 0, threads: int = 0) -> dict[str, int]"),
           "Bytes, known before anything runs: weights (shared), activations and workspace (of each context).")
      .def_prop_ro(
          "inputs", [](const PyEngine& self) { return self.engine().inputs(); }, "Of the first set of shapes.")
      .def_prop_ro(
          "outputs", [](const PyEngine& self) { return self.engine().outputs(); }, "Of the first set of shapes.")
      .def_prop_ro(
          "programs", [](const PyEngine& self) { return self.engine().programs(); },
          "How many sets of shapes it was built for.")
      .def_prop_ro(
          "preprocess", [](const PyEngine& self) { return self.engine().preprocess(); },
          "How pictures become inputs, as recorded in the plan; empty: not recorded.")
      .def_prop_ro("report", &PyEngine::report, nb::sig("def report(self) -> dict[str, object] | None"),
                   "What building found, as `stretto build --json` has it; None for a plan that was loaded.");
  m.def("load", &load, nb::arg("path"), nb::kw_only(), nb::arg("check_weights") = false,
        "Opens a plan: the file is mapped, weights are not copied. check_weights reads them all and compares their "
        "checksum. InputError: no such file, or it is damaged; Error: it needs another machine.");
}

}  // namespace stretto::python
