// The driver: inputs and weights in, one node after the other, outputs out.
#include "onnx/import.h"

#include "onnx/model.h"
#include "onnx/operators.h"
#include "onnx/opsets.h"
#include "onnx/types.h"

namespace stretto::onnx {
namespace {

namespace pb = ::onnx;

/// "unsupported: NonZero ×3 (a, b, c), com.x::Foo ×1 (d)"
Status refuse(const std::vector<Unsupported>& unsupported) {
  constexpr std::string_view kDefault = "ai.onnx::";
  std::string list;
  for (const Unsupported& entry : unsupported) {
    const std::string name = entry.op.starts_with(kDefault) ? entry.op.substr(kDefault.size()) : entry.op;
    list += (list.empty() ? "" : ", ") + name + " ×" + std::to_string(entry.count) + " (" + entry.where + ")";
  }
  return failed("unsupported: " + list + "; export the network without these operators");
}

Status check_input_kinds(const pb::GraphProto& graph, std::vector<std::string>& notes) {
  for (const pb::ValueInfoProto& info : graph.input()) {
    if (!info.type().has_tensor_type()) return failed("input '" + info.name() + "' is not a tensor");
    const int type = info.type().tensor_type().elem_type();
    std::optional<DType> dtype = dtype_from_onnx(type);
    if (!dtype)
      return failed("input '" + info.name() + "' is of type " + onnx_type_name(type) + ", which is not supported");
    if (computed_type(*dtype) != *dtype) {
      notes.push_back("input '" + info.name() + "' is " + onnx_type_name(type) + ": taken as float32");
    }
  }
  return {};
}

Status check_inputs_have_shapes(const Model::Impl& model, const ImportOptions& options) {
  for (const pb::ValueInfoProto& info : model.graph().input()) {
    if (info.type().tensor_type().has_shape()) continue;
    bool asked = model.initialisers.contains(info.name());
    for (auto& [name, dims] : options.shapes) asked = asked || name == info.name();
    if (!asked) {
      return bad_usage("input '" + info.name() + "' has no shape; give it with --shape " + info.name() + ":DIMS");
    }
  }
  return {};
}

Status import_node(const Model::Impl& model, int index, ImportState& state) {
  const pb::NodeProto& proto = model.graph().node(index);
  const std::string& name = model.node_names[static_cast<size_t>(index)];
  const std::string place = "node '" + name + "' (" + proto.op_type() + ")";
  NodeContext context(proto, name, state);
  Status status = find_operator(proto.domain(), proto.op_type(), model.opset)->import(context);
  if (status.ok()) status = context.mistakes();
  if (!status.ok()) return status.in(place);
  for (const std::string& output : proto.output()) {
    if (!output.empty() && state.readers.contains(output) && !state.operands.contains(output)) {
      return failed("output '" + output + "' is not supported").in(place);
    }
  }
  return {};
}

}  // namespace

Result<ImportedGraph> Model::import(const ImportOptions& options) const {
  const Impl& model = *impl_;
  if (std::vector<Unsupported> bad = find_unsupported(model); !bad.empty()) return refuse(bad);
  ImportedGraph result;
  result.notes = model.notes;
  STRETTO_TRY(check_input_kinds(model.graph(), result.notes));
  STRETTO_TRY(check_inputs_have_shapes(model, options));
  STRETTO_ASSIGN(InputTypes types, choose_input_types(*this, options));

  GraphBuilder builder(options.evaluate);
  ImportState state{.builder = builder,
                    .opset = model.opset,
                    .batch = {types.batch_from, types.batch_to},
                    .loaded = model.constants,
                    .operands = {},
                    .readers = model.readers,
                    .notes = {}};
  size_t next = 0;
  for (const pb::ValueInfoProto& info : model.graph().input()) {
    if (model.initialisers.contains(info.name())) continue;
    state.operands[info.name()] = builder.add_input(info.name(), types.types[next++]);
  }
  for (auto& [name, tensor] : model.initialisers) {
    state.operands[name] = builder.add_known(std::string(name), tensor, true);
  }
  for (int index : model.order) STRETTO_TRY(import_node(model, index, state));
  for (const pb::ValueInfoProto& output : model.graph().output()) {
    STRETTO_TRY(
        builder.add_output(state.operands.at(output.name()), output.name()).in("output '" + output.name() + "'"));
  }
  builder.graph().remove_dead();
  result.graph = std::move(builder.graph());
  for (auto* notes : {&types.notes, &state.notes}) {
    result.notes.insert(result.notes.end(), notes->begin(), notes->end());
  }
  return result;
}

}  // namespace stretto::onnx
