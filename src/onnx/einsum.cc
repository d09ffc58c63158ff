// Einsum: as a chain of products of two. Letters that only one operand has are summed first; the rest is a matrix
// product of [shared, left, summed] and [shared, summed, right].
#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "onnx/formula.h"
#include "onnx/operators.h"

namespace stretto::onnx {
namespace {

/// An operand and the letter of each of its axes; an ellipsis' axes are digits, '0' the innermost.
struct Term {
  Operand value = kAbsent;
  std::string letters;
};

bool has(const std::string& letters, char c) {
  return letters.find(c) != std::string::npos;
}

class Einsum {
 public:
  explicit Einsum(NodeContext& n) : n_(n), f_(n) {}

  Status import() {
    STRETTO_TRY(parse(n_.text("equation", "")));
    STRETTO_TRY(measure());
    Term total = diagonal(terms_[0]);
    for (size_t i = 1; i < terms_.size() && f_.ok(); ++i) {
      std::string needed = output_;
      for (size_t k = i + 1; k < terms_.size(); ++k) needed += terms_[k].letters;
      const Term y = diagonal(terms_[i]);
      total = product(summed(total, y.letters + needed), summed(y, total.letters + needed), needed);
    }
    return f_.bind(arranged(summed(total, output_), output_));
  }

 private:
  Status parse(std::string text) {
    std::erase(text, ' ');
    const size_t arrow = text.find("->");
    std::string left = text.substr(0, arrow);
    int inputs = 0;
    for (size_t begin = 0; begin <= left.size();) {
      const size_t comma = std::min(left.find(',', begin), left.size());
      if (inputs >= n_.input_count() || text.empty())
        return bad_input("the equation has more terms than there are inputs");
      Operand x = n_.input(inputs++);
      STRETTO_TRY(n_.mistakes());
      STRETTO_ASSIGN(std::string letters, expand(left.substr(begin, comma - begin), n_.shape(x).size()));
      terms_.push_back({x, letters});
      begin = comma + 1;
    }
    if (inputs != n_.input_count()) return bad_input("the equation has fewer terms than there are inputs");
    if (arrow != std::string::npos) {
      STRETTO_ASSIGN(output_, expand(text.substr(arrow + 2), -1));
      return {};
    }
    std::map<char, int> counts;
    for (const Term& t : terms_) {
      for (char c : t.letters) ++counts[c];
    }
    for (int i = ellipsis_; i-- > 0;) output_ += static_cast<char>('0' + i);
    for (auto [c, count] : counts) {
      if (count == 1 && std::isalpha(static_cast<unsigned char>(c)) != 0) output_ += c;
    }
    return {};
  }

  /// Letters with the ellipsis spelled out; `rank` −1: as many axes as any input's ellipsis has.
  Result<std::string> expand(const std::string& term, int rank) {
    std::string letters;
    for (size_t i = 0; i < term.size(); ++i) {
      if (term.compare(i, 3, "...") == 0) {
        const int axes = rank < 0 ? ellipsis_ : rank - static_cast<int>(term.size() - 3);
        if (axes < 0 || axes > kMaxRank) return bad_input("term '" + term + "' does not fit its input");
        for (int k = axes; k-- > 0;) letters += static_cast<char>('0' + k);
        ellipsis_ = std::max(ellipsis_, axes);
        i += 2;
      } else if (std::isalpha(static_cast<unsigned char>(term[i])) != 0) {
        letters += term[i];
      } else {
        return bad_input("equation term '" + term + "' is not understood");
      }
    }
    if (rank >= 0 && letters.size() != static_cast<size_t>(rank)) {
      return bad_input("term '" + term + "' does not fit an input of " + std::to_string(rank) + " axes");
    }
    return letters;
  }

  /// Sizes by letter; 1 broadcasts.
  Status measure() {
    for (const Term& t : terms_) {
      for (size_t i = 0; i < t.letters.size(); ++i) {
        const int64_t size = n_.shape(t.value)[static_cast<int>(i)];
        int64_t& known = sizes_.try_emplace(t.letters[i], size).first->second;
        if (known != size && known != 1 && size != 1) return bad_input("inputs disagree on the size of an axis");
        known = std::max(known, size);
      }
    }
    std::set<char> seen;
    for (char c : output_) {
      if (!sizes_.contains(c) || !seen.insert(c).second) return bad_input("the output's axes are not those of inputs");
    }
    return {};
  }

  /// A letter that a term has twice: its diagonal, by flat positions.
  Term diagonal(Term t) {
    for (size_t i = 0; f_.ok() && i < t.letters.size(); ++i) {
      const size_t again = t.letters.find(t.letters[i], i + 1);
      if (again == std::string::npos) continue;
      std::string order;
      for (size_t k = 0; k < t.letters.size(); ++k) {
        if (k != i && k != again) order += t.letters[k];
      }
      Dims perm{static_cast<int64_t>(i), static_cast<int64_t>(again)};
      for (size_t k = 0; k < t.letters.size(); ++k) {
        if (k != i && k != again) perm.push_back(static_cast<int64_t>(k));
      }
      Operand front = f_.transpose(t.value, perm);
      const Shape shape = f_.shape(front);
      if (!f_.ok() || shape[0] != shape[1]) {
        f_.fail(bad_input("a diagonal needs a square"));
        return {};
      }
      Shape rows{shape[0] * shape[1]};
      for (int k = 2; k < shape.size(); ++k) rows.push_back(shape[k]);
      t.value = f_.emit(op::Gather{0}, {f_.reshape(front, rows), f_.counting(shape[0], shape[0] + 1, 0, 1)});
      t.letters = std::string(1, t.letters[i]) + order;
      i = static_cast<size_t>(-1);
    }
    return t;
  }

  /// Sums the axes whose letters are not needed.
  Term summed(const Term& t, const std::string& needed) {
    Dims axes;
    std::string kept;
    for (size_t i = 0; i < t.letters.size(); ++i) {
      has(needed, t.letters[i]) ? kept.push_back(t.letters[i]) : axes.push_back(static_cast<int64_t>(i));
    }
    return {f_.reduce(op::ReduceKind::sum, t.value, axes, false), kept};
  }

  Shape shape_of(const std::string& letters) const {
    Shape shape;
    for (char c : letters) {
      if (shape.size() < kMaxRank) shape.push_back(sizes_.at(c));
    }
    return shape;
  }

  /// The term's axes in the order of `letters`, which are its own; sizes of 1 become the letter's.
  Operand arranged(const Term& t, const std::string& letters) {
    Dims perm;
    for (char c : letters) perm.push_back(static_cast<int64_t>(t.letters.find(c)));
    Operand moved = letters == t.letters ? t.value : f_.transpose(t.value, perm);
    return f_.expand(moved, shape_of(letters));
  }

  Term product(const Term& x, const Term& y, const std::string& needed) {
    std::string shared, inner, left, right;
    for (char c : x.letters) (!has(y.letters, c) ? left : has(needed, c) ? shared : inner) += c;
    for (char c : y.letters) {
      if (!has(x.letters, c)) right += c;
    }
    auto size = [&](const std::string& letters) { return elements(shape_of(letters)); };
    Operand a = f_.reshape(arranged(x, shared + left + inner), {size(shared), size(left), size(inner)});
    Operand b = f_.reshape(arranged(y, shared + inner + right), {size(shared), size(inner), size(right)});
    const std::string letters = shared + left + right;
    if (letters.size() > static_cast<size_t>(kMaxRank))
      f_.fail(failed("a product of more than 8 axes is not supported"));
    return {f_.reshape(f_.emit(op::MatMul{}, {a, b}), shape_of(letters)), letters};
  }

  NodeContext& n_;
  Formula f_;
  std::vector<Term> terms_;
  std::string output_;
  std::map<char, int64_t> sizes_;
  int ellipsis_ = 0;
};

}  // namespace

Status import_einsum(NodeContext& n) {
  return Einsum(n).import();
}

}  // namespace stretto::onnx
