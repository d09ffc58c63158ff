#include "tactics/problem.h"

#include <algorithm>
#include <charconv>

namespace stretto {

std::vector<int> Problem::with_role(Role role) const {
  std::vector<int> found;
  for (size_t i = 0; i < operands.size(); ++i) {
    if (operands[i].role == role) found.push_back(static_cast<int>(i));
  }
  return found;
}

const Operand& Problem::output() const {
  return operands[static_cast<size_t>(nodes.back().output)];
}

std::vector<TensorType> Problem::input_types(int i) const {
  std::vector<TensorType> types;
  for (int operand : nodes[static_cast<size_t>(i)].inputs) types.push_back(operands[static_cast<size_t>(operand)].type);
  return types;
}

double Problem::flops() const {
  double sum = 0;
  for (size_t i = 0; i < nodes.size(); ++i) {
    sum += op::flops(nodes[i].attrs, input_types(static_cast<int>(i)),
                     operands[static_cast<size_t>(nodes[i].output)].type);
  }
  return sum;
}

double Problem::bytes() const {
  double sum = 0;
  for (const Operand& operand : operands) {
    if (operand.role != Role::internal) sum += static_cast<double>(stored_bytes(operand.type, operand.layout));
  }
  return sum;
}

bool has_half_operand(const Problem& problem) {
  return std::any_of(problem.operands.begin(), problem.operands.end(),
                     [](const Operand& o) { return is_half(o.layout); });
}

Status validate(const Problem& problem) {
  auto wrong = [](const std::string& what) { return bad_input("problem: " + what); };
  if (problem.nodes.empty() || problem.nodes.size() > Problem::kMaxNodes) return wrong("must have 1 to 6 operators");
  if (problem.operands.size() > Problem::kMaxOperands) return wrong("has too many operands");
  std::vector<bool> known, made;
  for (const Operand& operand : problem.operands) {
    std::optional<int64_t> count = checked_elements(operand.type.shape);
    if (!count) return wrong("an operand's shape is out of range: " + to_string(operand.type.shape));
    if (!is_valid(operand.type, operand.layout))
      return wrong("a blocked layout needs four axes, c32h and channels last float32");
    bool external = operand.role == Role::input || operand.role == Role::output;
    if (!external && operand.layout != Layout::plain) return wrong("only inputs and outputs have layouts");
    if (external && *count == 0) return wrong("an operand has no elements");
    if (operand.layout != Layout::plain && !checked_elements({operand.type.shape[0], operand.type.shape[1] + 32,
                                                              operand.type.shape[2], operand.type.shape[3]})) {
      return wrong("an operand's shape is out of range: " + to_string(operand.type.shape));
    }
    known.push_back(operand.role == Role::input || operand.role == Role::constant);
    made.push_back(false);
  }
  int count = static_cast<int>(problem.operands.size());
  std::vector<bool> used(problem.operands.size());
  for (size_t i = 0; i < problem.nodes.size(); ++i) {
    const Problem::Node& node = problem.nodes[i];
    if (node.inputs.size() > Problem::kMaxOperands) return wrong("an operator has too many inputs");
    for (int input : node.inputs) {
      if (input < 0 || input >= count || !known[static_cast<size_t>(input)]) {
        return wrong("an operator reads what is not there yet");
      }
      used[static_cast<size_t>(input)] = true;
    }
    if (node.output < 0 || node.output >= count) return wrong("an operator's output is out of range");
    auto out = static_cast<size_t>(node.output);
    bool last = i + 1 == problem.nodes.size();
    if (known[out] || problem.operands[out].role != (last ? Role::output : Role::internal)) {
      return wrong("operands and operators do not agree on what is made where");
    }
    STRETTO_ASSIGN(TensorType type, op::infer(node.attrs, problem.input_types(static_cast<int>(i))));
    if (!(type == problem.operands[out].type)) {
      return wrong(std::string(op::display_name(node.attrs)) + " makes " + to_string(type) + ", not " +
                   to_string(problem.operands[out].type));
    }
    known[out] = true;
  }
  for (size_t i = 0; i < problem.operands.size(); ++i) {
    if (!known[i]) return wrong("an operand is made by nobody");
    if (!used[i] && problem.operands[i].role != Role::output) return wrong("an operand is read by nobody");
  }
  return {};
}

namespace {

std::string_view name_of(Role role) {
  switch (role) {
    case Role::input:
      return "in";
    case Role::constant:
      return "const";
    case Role::internal:
      return "mid";
    case Role::output:
      return "out";
  }
  return "?";
}

std::optional<Role> role_from_name(std::string_view name) {
  for (Role role : {Role::input, Role::constant, Role::internal, Role::output}) {
    if (name == name_of(role)) return role;
  }
  return std::nullopt;
}

/// Reads tokens off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool at_end() {
    skip_spaces();
    return rest_.empty();
  }
  bool accept(char c) {
    skip_spaces();
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  /// Up to the next of `stops`, which is not taken.
  std::string_view until(std::string_view stops) {
    skip_spaces();
    std::string_view token = rest_.substr(0, std::min(rest_.find_first_of(stops), rest_.size()));
    rest_.remove_prefix(token.size());
    return token;
  }
  /// "%12"
  std::optional<int> operand() {
    if (!accept('%')) return std::nullopt;
    int value = 0;
    auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || value < 0) return std::nullopt;
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && rest_.front() == ' ') rest_.remove_prefix(1);
  }
  std::string_view rest_;
};

std::optional<TensorType> type_from_string(std::string_view text) {
  size_t open = text.find('[');
  if (open == std::string_view::npos || text.back() != ']') return std::nullopt;
  auto dtype = dtype_from_name(text.substr(0, open));
  std::string_view inside = text.substr(open + 1, text.size() - open - 2);
  auto shape = inside.empty() ? std::optional(Dims()) : dims_from_string(inside);
  if (!dtype || !shape || shape->size() > kMaxRank) return std::nullopt;
  return TensorType{*dtype, *shape};
}

Status parse_operand(Scanner& in, Problem& problem) {
  auto type = type_from_string(in.until(" ;"));
  auto layout = layout_from_name(in.until(" ;"));
  auto role = role_from_name(in.until(" ;"));
  if (!type || !layout || !role) return bad_input("problem: an operand is not 'TYPE[SHAPE] LAYOUT ROLE'");
  problem.operands.push_back({*type, *layout, *role});
  return {};
}

Status parse_node(Scanner& in, int output, Problem& problem) {
  Problem::Node node;
  node.output = output;
  std::string_view head = in.until(")");
  if (!in.accept(')')) return bad_input("problem: an operator has no closing parenthesis");
  STRETTO_ASSIGN(node.attrs, op::attrs_from_string(std::string(head) + ")"));
  while (auto input = in.operand()) {
    if (node.inputs.size() >= Problem::kMaxOperands) return bad_input("problem: an operator has too many inputs");
    node.inputs.push_back(*input);
  }
  problem.nodes.push_back(std::move(node));
  return {};
}

}  // namespace

std::string to_string(const Problem& problem) {
  std::string text;
  for (size_t i = 0; i < problem.operands.size(); ++i) {
    const Operand& operand = problem.operands[i];
    text += "%" + std::to_string(i) + " " + to_string(operand.type) + " " + std::string(name_of(operand.layout)) + " " +
            std::string(name_of(operand.role)) + "; ";
  }
  for (size_t i = 0; i < problem.nodes.size(); ++i) {
    const Problem::Node& node = problem.nodes[i];
    if (i > 0) text += "; ";
    text += "%" + std::to_string(node.output) + " = " + op::to_string(node.attrs);
    for (int input : node.inputs) text += " %" + std::to_string(input);
  }
  return text;
}

Result<Problem> problem_from_string(std::string_view text) {
  Problem problem;
  Scanner in(text);
  while (!in.at_end()) {
    auto number = in.operand();
    if (!number) return bad_input("problem: expected '%NUMBER'");
    if (in.accept('=')) {
      if (problem.nodes.size() >= Problem::kMaxNodes) return bad_input("problem: has too many operators");
      STRETTO_TRY(parse_node(in, *number, problem));
    } else {
      if (static_cast<size_t>(*number) != problem.operands.size() || problem.operands.size() >= Problem::kMaxOperands) {
        return bad_input("problem: operands are not numbered from 0 to at most 63");
      }
      STRETTO_TRY(parse_operand(in, problem));
    }
    if (!in.accept(';') && !in.at_end()) return bad_input("problem: expected ';'");
  }
  STRETTO_TRY(validate(problem));
  return problem;
}

}  // namespace stretto
