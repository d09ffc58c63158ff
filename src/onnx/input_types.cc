// Which shape every input gets: the options' word first, then the model's, then 1 for a symbolic batch.
#include <algorithm>
#include <map>

#include "onnx/model.h"
#include "onnx/types.h"

namespace stretto::onnx {
namespace {

namespace pb = ::onnx;

std::string quoted(const std::string& name) {
  return "'" + name + "'";
}

const Dims* shape_asked(const ImportOptions& options, const std::string& name) {
  const Dims* found = nullptr;
  for (auto& [input, dims] : options.shapes) {
    if (input == name) found = &dims;
  }
  return found;
}

Status check_options(const ImportOptions& options, const std::vector<ModelInput>& inputs) {
  if (options.batch < 0) return bad_usage("batch " + std::to_string(options.batch) + " makes no sense");
  for (auto& [name, dims] : options.shapes) {
    auto is_it = [&n = name](const ModelInput& input) { return input.name == n; };
    if (std::any_of(inputs.begin(), inputs.end(), is_it)) continue;
    std::string names;
    for (const ModelInput& input : inputs) names += (names.empty() ? "" : ", ") + input.name;
    return bad_usage("--shape: the model has no input '" + name + "'; its inputs are " + names);
  }
  return {};
}

/// Values of symbols that --shape settles, for the inputs it does not name.
Status bind_symbols(const ImportOptions& options, const std::vector<ModelInput>& inputs,
                    std::map<std::string, int64_t>& symbols) {
  for (const ModelInput& input : inputs) {
    const Dims* asked = shape_asked(options, input.name);
    if (asked == nullptr) continue;
    if (!input.dims.empty() && static_cast<size_t>(asked->size()) != input.dims.size()) {
      return bad_usage("--shape " + input.name + ":" + to_string(*asked) + " has " + std::to_string(asked->size()) +
                       " dimensions, the input has " + std::to_string(input.dims.size()));
    }
    for (size_t i = 0; i < input.symbols.size(); ++i) {
      if (!input.symbols[i].empty() && input.symbols[i] != "?") {
        symbols.emplace(input.symbols[i], (*asked)[static_cast<int>(i)]);
      }
    }
  }
  return {};
}

Result<Shape> choose_shape(const ModelInput& input, const ImportOptions& options,
                           const std::map<std::string, int64_t>& symbols, std::vector<std::string>& notes) {
  if (const Dims* asked = shape_asked(options, input.name)) return *asked;
  if (input.dims.size() > static_cast<size_t>(kMaxRank)) {
    return failed("input " + quoted(input.name) + " has rank " + std::to_string(input.dims.size()) +
                  "; at most 8 is supported");
  }
  Shape shape;
  for (size_t i = 0; i < input.dims.size(); ++i) {
    const std::string& symbol = input.symbols[i];
    auto bound = symbols.find(symbol);
    if (i == 0 && options.batch > 0) {
      shape.push_back(options.batch);
    } else if (input.dims[i] >= 0) {
      shape.push_back(input.dims[i]);
    } else if (bound != symbols.end()) {
      shape.push_back(bound->second);
    } else if (i == 0) {
      shape.push_back(1);
      notes.push_back("batch of input " + quoted(input.name) + " is symbolic (" + quoted(symbol) +
                      "): taken as 1; --batch sets it");
    } else {
      return bad_usage("dimension " + std::to_string(i) + " of input " + quoted(input.name) + " is symbolic (" +
                       quoted(symbol) + "); give its shape with --shape " + input.name + ":DIMS");
    }
  }
  return shape;
}

}  // namespace

std::vector<ModelInput> Model::inputs() const {
  std::vector<ModelInput> inputs;
  for (const pb::ValueInfoProto& info : impl_->graph().input()) {
    if (impl_->initialisers.contains(info.name())) continue;
    ModelInput input{.name = info.name(), .dims = {}, .symbols = {}};
    const auto& tensor = info.type().tensor_type();
    input.dtype = computed_type(dtype_from_onnx(tensor.elem_type()).value_or(DType::f32));
    for (const auto& dim : tensor.shape().dim()) {
      const bool fixed = dim.has_dim_value() && dim.dim_value() > 0;
      input.dims.push_back(fixed ? dim.dim_value() : -1);
      input.symbols.push_back(fixed ? "" : dim.dim_param().empty() ? "?" : dim.dim_param());
    }
    inputs.push_back(std::move(input));
  }
  return inputs;
}

Result<InputTypes> choose_input_types(const Model& model, const ImportOptions& options) {
  const std::vector<ModelInput> inputs = model.inputs();
  std::map<std::string, int64_t> symbols;
  InputTypes chosen;
  STRETTO_TRY(check_options(options, inputs));
  STRETTO_TRY(bind_symbols(options, inputs, symbols));
  for (const ModelInput& input : inputs) {
    STRETTO_ASSIGN(Shape shape, choose_shape(input, options, symbols, chosen.notes));
    if (options.batch > 0 && shape_asked(options, input.name) == nullptr && shape.empty()) {
      return bad_usage("--batch: input " + quoted(input.name) + " is a scalar; give shapes with --shape");
    }
    const bool positive = std::all_of(shape.begin(), shape.end(), [](int64_t d) { return d > 0; });
    if (!positive || !checked_elements(shape)) {
      return bad_usage("input " + quoted(input.name) + " cannot have shape " + to_string(shape) +
                       "; give another with --shape");
    }
    if (chosen.batch_to == 0 && !shape.empty()) {
      chosen.batch_to = shape[0];
      const bool fixed = !input.dims.empty() && input.dims[0] > 0;
      chosen.batch_from = fixed ? input.dims[0] : 1;
    }
    chosen.types.push_back({input.dtype, shape});
  }
  return chosen;
}

}  // namespace stretto::onnx
