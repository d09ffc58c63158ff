// The text of a graph, one line a value:
//   input "x" f32[1x3x8x8]
//   const "w" f32[8x3x3x3] #0123456789abcdef          (or "= 1 2 3" where it is small)
//   node "conv1" "y" f32[1x8x6x6] conv(…) "x" "w"
//   output "y"
#include <fmt/format.h>

#include <charconv>

#include "base/hash.h"
#include "ir/graph.h"

namespace stretto::ir {

namespace {

constexpr int64_t kValuesWritten = 8;
constexpr size_t kMostConstantBytes = size_t{1} << 33;

std::string quoted(const std::string& name) {
  std::string out = "\"";
  for (char c : name) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  out += '"';
  return out;
}

template <class T>
std::string values_of(const Tensor& t) {
  std::string out = "=";
  for (T v : t.as<T>()) out += fmt::format(" {}", v);
  return out;
}

std::string contents_of(const Tensor& t) {
  if (t.elements() <= kValuesWritten) {
    if (t.dtype() == DType::f32) return values_of<float>(t);
    if (t.dtype() == DType::i64) return values_of<int64_t>(t);
    if (t.dtype() == DType::i32) return values_of<int32_t>(t);
  }
  return fmt::format("#{:016x}", hash64(t.data(), t.bytes()));
}

/// Reads one line from left to right.
class Line {
 public:
  explicit Line(std::string_view text) : rest_(text) {}

  bool done() {
    skip_spaces();
    return rest_.empty();
  }

  std::string_view word() {
    skip_spaces();
    std::string_view w = rest_.substr(0, rest_.find(' '));
    rest_.remove_prefix(w.size());
    return w;
  }

  Result<std::string> name() {
    skip_spaces();
    if (rest_.empty() || rest_.front() != '"') return bad_input("a name in quotes is expected");
    std::string out;
    for (size_t i = 1; i < rest_.size(); ++i) {
      if (rest_[i] == '"') {
        rest_.remove_prefix(i + 1);
        return out;
      }
      if (rest_[i] != '\\') {
        out += rest_[i];
        continue;
      }
      unsigned code = 0;
      if (i + 2 >= rest_.size()) break;
      auto [end, error] = std::from_chars(rest_.data() + i + 1, rest_.data() + i + 3, code, 16);
      if (error != std::errc() || end != rest_.data() + i + 3) return bad_input("a name has a wrong escape");
      out += static_cast<char>(code);
      i += 2;
    }
    return bad_input("a name has no closing quote");
  }

  Result<TensorType> type() {
    std::string_view w = word();
    size_t open = w.find('[');
    if (open == std::string_view::npos || w.back() != ']') return bad_input("a type such as f32[1x3] is expected");
    auto dtype = dtype_from_name(w.substr(0, open));
    std::string_view dims = w.substr(open + 1, w.size() - open - 2);
    auto shape = dims.empty() ? std::optional<Dims>(Dims{}) : dims_from_string(dims);
    if (!dtype || !shape || !checked_elements(*shape)) return bad_input("'" + std::string(w) + "' is no type");
    return TensorType{*dtype, *shape};
  }

  Result<op::Attrs> attrs() {
    skip_spaces();
    size_t close = rest_.find(')');
    if (close == std::string_view::npos) return bad_input("an operator with its attributes is expected");
    std::string_view text = rest_.substr(0, close + 1);
    rest_.remove_prefix(close + 1);
    return op::attrs_from_string(text);
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }

  std::string_view rest_;
};

template <class T>
Status read_values(Line& line, Tensor& tensor) {
  for (T& v : tensor.as_mutable<T>()) {
    std::string_view w = line.word();
    auto [end, error] = std::from_chars(w.data(), w.data() + w.size(), v);
    if (error != std::errc() || end != w.data() + w.size()) return bad_input("'" + std::string(w) + "' is no number");
  }
  return {};
}

class Parser {
 public:
  Status line(std::string_view text) {
    Line in(text);
    std::string_view kind = in.word();
    if (kind == "input") return input(in);
    if (kind == "const") return constant(in);
    if (kind == "node") return node(in);
    if (kind == "output") return output(in);
    return bad_input("a line begins with input, const, node or output, not '" + std::string(kind) + "'");
  }

  Graph take() { return std::move(graph_); }

 private:
  Result<ValueId> known(Line& in) {
    STRETTO_ASSIGN(std::string name, in.name());
    ValueId id = graph_.find_value(name);
    if (id == kNone) return bad_input("'" + name + "' is used before the line that makes it");
    return id;
  }

  Result<std::string> fresh(Line& in) {
    STRETTO_ASSIGN(std::string name, in.name());
    if (name.empty()) return bad_input("a name is empty");
    if (graph_.find_value(name) != kNone) return bad_input("the name '" + name + "' stands twice");
    return name;
  }

  Status input(Line& in) {
    STRETTO_ASSIGN(std::string name, fresh(in));
    STRETTO_ASSIGN(TensorType type, in.type());
    graph_.add_input(name, type);
    return {};
  }

  Status constant(Line& in) {
    STRETTO_ASSIGN(std::string name, fresh(in));
    STRETTO_ASSIGN(TensorType type, in.type());
    if (type.bytes() > kMostConstantBytes - constant_bytes_) return bad_input("the constants are too large");
    constant_bytes_ += type.bytes();
    Tensor tensor(type);
    std::string_view mark = in.word();
    if (mark == "=") {
      if (type.dtype == DType::f32) {
        STRETTO_TRY(read_values<float>(in, tensor));
      } else if (type.dtype == DType::i64) {
        STRETTO_TRY(read_values<int64_t>(in, tensor));
      } else if (type.dtype == DType::i32) {
        STRETTO_TRY(read_values<int32_t>(in, tensor));
      } else {
        return bad_input("values are written for f32, i64 and i32 only");
      }
    } else if (!mark.starts_with('#')) {
      return bad_input("'#' and a hash, or '=' and values, are expected");
    }
    graph_.add_constant(name, std::move(tensor));
    return {};
  }

  Status node(Line& in) {
    STRETTO_ASSIGN(std::string name, in.name());
    STRETTO_ASSIGN(std::string output_name, fresh(in));
    STRETTO_ASSIGN(TensorType declared, in.type());
    STRETTO_ASSIGN(op::Attrs attrs, in.attrs());
    std::vector<ValueId> inputs;
    while (!in.done()) {
      STRETTO_ASSIGN(ValueId id, known(in));
      inputs.push_back(id);
    }
    STRETTO_ASSIGN(ValueId made, graph_.add_node(name, attrs, inputs, output_name));
    if (graph_.value(made).type == declared) return {};
    return bad_input("'" + output_name + "' is declared " + to_string(declared) + ", inferred " +
                     to_string(graph_.value(made).type));
  }

  Status output(Line& in) {
    STRETTO_ASSIGN(ValueId id, known(in));
    graph_.add_output(id);
    return {};
  }

  Graph graph_;
  size_t constant_bytes_ = 0;
};

}  // namespace

std::string dump(const Graph& graph) {
  std::string out;
  for (ValueId id : graph.inputs()) {
    out += fmt::format("input {} {}\n", quoted(graph.value(id).name), to_string(graph.value(id).type));
  }
  for (ValueId id = 0; id < graph.value_count(); ++id) {
    const Value& v = graph.value(id);
    if (!v.is_constant()) continue;
    out += fmt::format("const {} {} {}\n", quoted(v.name), to_string(v.type), contents_of(v.constant));
  }
  for (NodeId id : graph.topological_order()) {
    const Node& n = graph.node(id);
    const Value& v = graph.value(n.output);
    out += fmt::format("node {} {} {} {}", quoted(n.name), quoted(v.name), to_string(v.type), op::to_string(n.attrs));
    for (ValueId in : n.inputs) out += fmt::format(" {}", quoted(graph.value(in).name));
    out += "\n";
  }
  for (ValueId id : graph.outputs()) out += fmt::format("output {}\n", quoted(graph.value(id).name));
  return out;
}

Result<Graph> parse(std::string_view text) {
  Parser parser;
  for (int number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    if (line.empty() || line.front() == '/') continue;
    if (Status s = parser.line(line); !s.ok()) return s.in("line " + std::to_string(number));
  }
  return parser.take();
}

}  // namespace stretto::ir
