#include "quantize/group_range.h"

#include <algorithm>
#include <cmath>

#include "quantize/range_search.h"
#include "ref/ref.h"

namespace stretto::quantize {
namespace {

/// No noise at all counts as this many dB.
constexpr double kMostDb = 200;

class Group {
 public:
  Group(const ScaleGroup& group, const RangeContext& context) : group_(group), context_(context) {}

  Result<ValueScale> scale() const {
    Histogram all;
    for (ir::ValueId id : group_.observed) {
      auto it = context_.observations.find(id);
      if (it == context_.observations.end()) return internal_error("it was not observed");
      all.merge(it->second);
    }
    const Calibration& c = context_.calibration;
    const bool weighted = c.method == Method::weighted_mse;
    const bool scaled = std::any_of(group_.observed.begin(), group_.observed.end(),
                                    [&](ir::ValueId id) { return !divisors(id).empty(); });
    if (scaled && !weighted && c.method != Method::minmax) {
      return internal_error("channels are equalised for minmax and weighted_mse alone");
    }
    // Also refuses what cannot be calibrated.
    Calibration plain = c;
    if (weighted) plain.method = Method::minmax;
    STRETTO_ASSIGN(Range range, calibrate(all, plain));
    Method method = c.method;
    const Range whole = whole_range();
    if (weighted || method == Method::minmax) range = whole;
    if (weighted) {
      STRETTO_ASSIGN(const FoundRange found, search(whole));
      range = found.range;
      method = found.clips ? Method::weighted_mse : Method::minmax;
    }
    STRETTO_ASSIGN(const Mapping mapping, mapping_of(range));
    const Range observed = scaled ? whole : Range{all.low(), all.high()};
    return ValueScale{mapping.scale, mapping.zero, method, observed, signal_to_noise(whole, mapping)};
  }

 private:
  Result<Mapping> mapping_of(Range range) const {
    const Scheme scheme = context_.calibration.scheme;
    const bool unsigned_fits = scheme != Scheme::affine && range.low == 0;
    STRETTO_ASSIGN(const Mapping mapping, fit(unsigned_fits ? Scheme::one_sided : scheme, range));
    return to_unsigned(mapping);
  }

  const std::vector<float>& divisors(ir::ValueId id) const { return context_.divisors[static_cast<size_t>(id)]; }
  double divisor(ir::ValueId id, size_t channel) const {
    return divisors(id).empty() ? 1 : double{divisors(id)[channel]};
  }

  /// All that was observed, and zero.
  Range whole_range() const {
    double low = 0, high = 0;
    for (ir::ValueId id : group_.observed) {
      const auto& channels = context_.observations.at(id).channels();
      for (size_t c = 0; c < channels.size(); ++c) {
        if (channels[c].count == 0) continue;
        low = std::min(low, channels[c].low / divisor(id, c));
        high = std::max(high, channels[c].high / divisor(id, c));
      }
    }
    return {static_cast<float>(low), static_cast<float>(high)};
  }

  template <class Weight>
  WeightedBins bins(Range whole, Weight weight) const {
    WeightedBins bins(whole);
    for (ir::ValueId id : group_.observed) {
      const auto& channels = context_.observations.at(id).channels();
      const bool apart = static_cast<int64_t>(channels.size()) <= Histogram::kMostBinned;
      for (size_t c = 0; c < (apart ? channels.size() : 1); ++c) bins.add(channels[c], divisor(id, c), weight(id, c));
    }
    return bins;
  }

  /// The table that alone reads the one value that was observed.
  const ir::Node* table() const {
    if (group_.observed.size() != 1) return nullptr;
    const ir::NodeId user = context_.graph.sole_user(group_.observed[0]);
    if (user == ir::kNone || context_.graph.is_output(group_.observed[0])) return nullptr;
    return context_.plan.roles[static_cast<size_t>(user)].role == Role::table ? &context_.graph.node(user) : nullptr;
  }

  Result<FoundRange> search(Range whole) const {
    if (whole == Range{}) return FoundRange{whole, false};
    WeightedBins weighted = bins(whole, [&](ir::ValueId id, size_t c) {
      const auto& felt = context_.felt[static_cast<size_t>(id)];
      return c < felt.size() ? felt[c] : 1.0;
    });
    if (const ir::Node* reader = table(); reader != nullptr) {
      Tensor edges(TensorType{DType::f32, {WeightedBins::kBins + 1}});
      for (int i = 0; i <= WeightedBins::kBins; ++i) {
        edges.as_mutable<float>()[static_cast<size_t>(i)] = static_cast<float>(weighted.edge(i));
      }
      STRETTO_ASSIGN(const Tensor results, ref::evaluate(reader->attrs, std::span(&edges, 1)));
      const auto values = results.as<float>();
      if (std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) {
        weighted.set_function({values.begin(), values.end()});
      }
    }
    return search_range(weighted, context_.calibration.clipped, [&](Range range) { return mapping_of(range); });
  }

  float signal_to_noise(Range whole, const Mapping& mapping) const {
    if (whole == Range{}) return static_cast<float>(kMostDb);
    const WeightedBins even = bins(whole, [](ir::ValueId, size_t) { return 1.0; });
    const double signal = even.signal(), noise = even.error(mapping, 1);
    const double db = noise > 0 && signal > 0 ? 10 * std::log10(signal / noise) : kMostDb;
    return static_cast<float>(std::rint(std::min(db, kMostDb) * 100) / 100);
  }

  const ScaleGroup& group_;
  const RangeContext& context_;
};

}  // namespace

Result<ValueScale> scale_of(const ScaleGroup& group, const RangeContext& context) {
  return Group(group, context).scale();
}

}  // namespace stretto::quantize
