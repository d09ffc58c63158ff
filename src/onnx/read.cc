// From a file to a checked Model: protobuf, versions, names, order of nodes, weights.
#include <fcntl.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <limits>
#include <unordered_set>

#include "onnx/model.h"
#include "onnx/opsets.h"
#include "onnx/tensor.h"
#include "onnx/types.h"

namespace stretto::onnx {
namespace {

namespace pb = ::onnx;
namespace io = ::google::protobuf::io;
using Impl = Model::Impl;

constexpr int64_t kMostBytes = std::numeric_limits<int32_t>::max();

class FileStream : public io::CopyingInputStream {
 public:
  explicit FileStream(int descriptor) : descriptor_(descriptor) {}
  int Read(void* buffer, int size) override {
    ssize_t got = 0;
    do {
      got = ::read(descriptor_, buffer, static_cast<size_t>(size));
    } while (got < 0 && errno == EINTR);
    return static_cast<int>(got);
  }

 private:
  int descriptor_;
};

Status parse_stream(io::ZeroCopyInputStream& stream, pb::ModelProto& proto) {
  io::CodedInputStream coded(&stream);
  coded.SetTotalBytesLimit(std::numeric_limits<int>::max());
  if (!proto.ParseFromCodedStream(&coded) || !coded.ConsumedEntireMessage()) {
    return bad_input("not an ONNX model, or damaged");
  }
  if (!proto.has_graph() || !proto.has_ir_version()) return bad_input("not an ONNX model: it holds no graph");
  return {};
}

Status check_versions(const pb::ModelProto& proto, int64_t& opset) {
  if (proto.ir_version() < kOldestIrVersion || proto.ir_version() > kNewestIrVersion) {
    return failed("IR version " + std::to_string(proto.ir_version()) + " is not supported (" +
                  std::to_string(kOldestIrVersion) + " to " + std::to_string(kNewestIrVersion) + " are)");
  }
  opset = 0;
  for (const pb::OperatorSetIdProto& set : proto.opset_import()) {
    if (is_default_domain(set.domain())) opset = set.version();
  }
  if (opset == 0) return bad_input("the model does not say which opset of ai.onnx it uses");
  if (opset < kOldestOpset || opset > kNewestOpset) {
    return failed("opset " + std::to_string(opset) + " is not supported (" + std::to_string(kOldestOpset) + " to " +
                  std::to_string(kNewestOpset) + " are); convert it with onnx.version_converter");
  }
  return {};
}

/// A node's own name, or its operator and position; a name that was taken gets its position too.
void name_nodes(Impl& model) {
  std::unordered_set<std::string> taken;
  for (int i = 0; i < model.graph().node_size(); ++i) {
    const pb::NodeProto& node = model.graph().node(i);
    std::string name = node.name().empty() ? node.op_type() + "_" + std::to_string(i) : node.name();
    while (!taken.insert(name).second) name += "#" + std::to_string(i);
    model.node_names.push_back(std::move(name));
  }
}

std::string place(const Impl& model, int node) {
  return "node '" + model.node_names[static_cast<size_t>(node)] + "' (" + model.graph().node(node).op_type() + ")";
}

class Checker {
 public:
  explicit Checker(Impl& model) : model_(model), graph_(model.graph()) {}

  Status check() {
    STRETTO_TRY(define_inputs());
    STRETTO_TRY(define_outputs_of_nodes());
    STRETTO_TRY(check_reads());
    return order_nodes();
  }

 private:
  static constexpr int kGiven = -1;  // an input or initialiser

  Status define_inputs() {
    if (graph_.sparse_initializer_size() > 0) {
      return failed("sparse initialiser '" + graph_.sparse_initializer(0).values().name() +
                    "' is not supported; store it dense");
    }
    for (const pb::ValueInfoProto& input : graph_.input()) {
      if (input.name().empty()) return bad_input("an input has no name");
      if (!producer_.emplace(input.name(), kGiven).second)
        return bad_input("input '" + input.name() + "' stands twice");
    }
    std::unordered_set<std::string_view> seen;
    for (const pb::TensorProto& tensor : graph_.initializer()) {
      if (tensor.name().empty()) return bad_input("an initialiser has no name");
      if (!seen.insert(tensor.name()).second) return bad_input("initialiser '" + tensor.name() + "' stands twice");
      producer_.emplace(tensor.name(), kGiven);
    }
    return {};
  }

  Status define_outputs_of_nodes() {
    for (int i = 0; i < graph_.node_size(); ++i) {
      for (const std::string& output : graph_.node(i).output()) {
        if (output.empty()) continue;
        if (!producer_.emplace(output, i).second) {
          return bad_input("tensor '" + output + "' is defined twice").in(place(model_, i));
        }
      }
    }
    return {};
  }

  Status check_reads() {
    for (int i = 0; i < graph_.node_size(); ++i) {
      for (const std::string& input : graph_.node(i).input()) {
        if (input.empty()) continue;
        if (!producer_.contains(input)) {
          return bad_input("input '" + input + "' is produced by nothing").in(place(model_, i));
        }
        ++model_.readers[input];
      }
    }
    if (graph_.output_size() == 0) return bad_input("the model has no outputs");
    std::unordered_set<std::string_view> seen;
    for (const pb::ValueInfoProto& output : graph_.output()) {
      if (!producer_.contains(output.name())) return bad_input("output '" + output.name() + "' is produced by nothing");
      if (!seen.insert(output.name()).second) return bad_input("output '" + output.name() + "' stands twice");
      ++model_.readers[output.name()];
    }
    return {};
  }

  /// Producers first, otherwise in the file's order (Kahn).
  Status order_nodes() {
    std::vector<int> missing(static_cast<size_t>(graph_.node_size()), 0);
    std::vector<std::vector<int>> readers(missing.size());
    for (int i = 0; i < graph_.node_size(); ++i) {
      for (const std::string& input : graph_.node(i).input()) {
        int from = input.empty() ? kGiven : producer_.at(input);
        if (from == kGiven) continue;
        readers[static_cast<size_t>(from)].push_back(i);
        ++missing[static_cast<size_t>(i)];
      }
    }
    for (int i = 0; i < graph_.node_size(); ++i) {
      if (missing[static_cast<size_t>(i)] == 0) model_.order.push_back(i);
    }
    for (size_t next = 0; next < model_.order.size(); ++next) {
      for (int reader : readers[static_cast<size_t>(model_.order[next])]) {
        if (--missing[static_cast<size_t>(reader)] == 0) model_.order.push_back(reader);
      }
    }
    for (int i = 0; i < graph_.node_size(); ++i) {
      if (missing[static_cast<size_t>(i)] > 0) return bad_input("lies on a cycle").in(place(model_, i));
    }
    return {};
  }

  Impl& model_;
  const pb::GraphProto& graph_;
  std::unordered_map<std::string_view, int> producer_;
};

/// Loads weights once; what they were stored in is counted for the notes.
class Weights {
 public:
  Weights(Impl& model, const std::string& base_dir) : model_(model), files_(base_dir) {}

  Status load() {
    pb::GraphProto& graph = *model_.proto->mutable_graph();
    for (pb::TensorProto& tensor : *graph.mutable_initializer()) {
      auto loaded = load_one(tensor, tensor.name());
      if (!loaded.ok()) return loaded.status().in("initialiser '" + tensor.name() + "'");
      model_.initialisers.emplace(tensor.name(), std::move(*loaded));
    }
    for (int i = 0; i < graph.node_size(); ++i) {
      pb::NodeProto& node = *graph.mutable_node(i);
      if (node.op_type() != "Constant" && node.op_type() != "ConstantOfShape") continue;
      for (pb::AttributeProto& attribute : *node.mutable_attribute()) {
        if (attribute.name() != "value" || !attribute.has_t()) continue;
        auto loaded = load_one(*attribute.mutable_t(), node.output_size() > 0 ? node.output(0) : node.name());
        if (!loaded.ok()) return loaded.status().in(place(model_, i));
        model_.constants.emplace(&attribute.t(), std::move(*loaded));
      }
    }
    for (auto& [type, count] : converted_) {
      model_.notes.push_back(std::to_string(count) + " weights are " + type + ": computed in float32");
    }
    return {};
  }

 private:
  Result<Tensor> load_one(pb::TensorProto& proto, const std::string& name) {
    STRETTO_ASSIGN(LoadedTensor loaded, load_tensor(proto, model_.proto, files_));
    Tensor tensor = in_computed_type(loaded.tensor);
    if (tensor.dtype() != loaded.tensor.dtype()) {
      ++converted_[onnx_type_name(proto.data_type())];
      loaded.borrowed = false;
    }
    if (!loaded.borrowed) release(proto);
    if (tensor.dtype() == DType::f32 && has_non_finite(tensor)) {
      model_.notes.push_back("weights '" + name + "' hold infinities or NaNs");
    }
    return tensor;
  }

  static void release(pb::TensorProto& proto) {
    proto.clear_raw_data();
    proto.clear_float_data();
    proto.clear_int32_data();
    proto.clear_int64_data();
    proto.clear_double_data();
    proto.clear_uint64_data();
  }

  Impl& model_;
  ExternalFiles files_;
  std::unordered_map<std::string, int> converted_;
};

Result<std::shared_ptr<const Impl>> check_model(std::shared_ptr<pb::ModelProto> proto, const std::string& base_dir) {
  auto model = std::make_shared<Impl>();
  model->proto = std::move(proto);
  STRETTO_TRY(check_versions(*model->proto, model->opset));
  name_nodes(*model);
  STRETTO_TRY(Checker(*model).check());
  STRETTO_TRY(Weights(*model, base_dir).load());
  return std::shared_ptr<const Impl>(std::move(model));
}

Status read_file(const std::string& path, pb::ModelProto& proto) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return bad_input("cannot be opened; check the path");
  struct stat info {};
  Status status;
  if (::fstat(descriptor, &info) != 0 || !S_ISREG(info.st_mode)) {
    status = bad_input("not a file");
  } else if (info.st_size > kMostBytes) {
    status = bad_input("larger than 2 GiB; store its weights as external data");
  } else {
    FileStream file(descriptor);
    io::CopyingInputStreamAdaptor stream(&file, 1 << 20);
    status = parse_stream(stream, proto);
  }
  ::close(descriptor);
  return status;
}

}  // namespace

Result<Model> Model::read(const std::string& path) {
  auto proto = std::make_shared<pb::ModelProto>();
  STRETTO_TRY(read_file(path, *proto).in(path));
  auto impl = check_model(std::move(proto), std::filesystem::path(path).parent_path().string());
  if (!impl.ok()) return impl.status().in(path);
  return Model(std::move(*impl));
}

Result<Model> Model::parse(std::span<const std::byte> bytes, const std::string& base_dir) {
  if (bytes.size() > static_cast<size_t>(kMostBytes)) return bad_input("larger than 2 GiB");
  auto proto = std::make_shared<pb::ModelProto>();
  io::ArrayInputStream stream(bytes.data(), static_cast<int>(bytes.size()));
  STRETTO_TRY(parse_stream(stream, *proto));
  STRETTO_ASSIGN(std::shared_ptr<const Impl> impl, check_model(std::move(proto), base_dir));
  return Model(std::move(impl));
}

}  // namespace stretto::onnx
