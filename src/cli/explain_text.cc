#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "cli/explain.h"
#include "cli/text.h"

namespace stretto::cli {
namespace {

constexpr size_t kMarked = 5;
/// Of a layer's noise in the output: below it is not named as one of the worst.
constexpr double kLeastShare = 0.01;

std::string optional_decibel(const std::optional<double>& db) {
  return db ? decibel_text(*db) : std::string();
}

/// "coarse step, channel 3 dwarfing": what fits a cell; the rest is said below the table.
std::string short_causes(const ExplainedLayer& layer) {
  std::string text;
  for (const ErrorCause& c : layer.causes) {
    std::string name = c.cause;
    std::replace(name.begin(), name.end(), '_', ' ');
    text += (text.empty() ? "" : ", ") + name;
    if (c.channel >= 0) text += fmt::format(" ({})", c.channel);
  }
  return text;
}

std::string worst_text(const Explanation& e) {
  std::string text;
  for (size_t i : worst_layers(e, kMarked)) {
    const ExplainedLayer& layer = e.layers[i];
    text += fmt::format("    {:4.0f} %  {}", 100 * layer.share, one_line(layer.layer));
    for (size_t c = 0; c < layer.causes.size(); ++c) {
      text += (c == 0 ? ": " : "; ") + one_line(layer.causes[c].text);
    }
    text += "\n";
  }
  return text.empty() ? text : "  Most of the output's error comes from:\n" + text;
}

std::string reverted_text(const std::vector<RevertedLayer>& reverted) {
  if (reverted.empty()) return {};
  std::string text = "  Not int8:\n";
  for (const RevertedLayer& l : reverted) {
    text += fmt::format("    {}: {}, {}\n", one_line(l.layer), l.to, one_line(l.why));
  }
  return text;
}

std::string legend(const Explanation& e) {
  std::string text =
      "  All figures are signal to noise against floating point: 10·log10(Σ y² / Σ error²) in dB, 6 dB are one bit.\n"
      "    total      error of the layer's result in the quantised network = own + inherited\n"
      "    own        with exact inputs: what rounding its weights and its result adds\n"
      "    inherited  what came in with its inputs; mend the layers before it\n"
      "    channel    own, of the median channel: far below own, the scale suits few channels\n"
      "    output     of the network's output if this layer alone were int8; share: of the sum of all layers' noise\n";
  std::set<std::string> seen;
  for (const ExplainedLayer& layer : e.layers) {
    for (const ErrorCause& cause : layer.causes) seen.insert(cause.cause);
  }
  for (const auto& [cause, meaning] : error_causes()) {
    if (!seen.contains(cause)) continue;
    std::string name = cause;
    std::replace(name.begin(), name.end(), '_', ' ');
    text += fmt::format("    {}: {}\n", name, meaning);
  }
  return text;
}

}  // namespace

std::vector<size_t> worst_layers(const Explanation& explanation, size_t most) {
  std::vector<size_t> order;
  for (size_t i = 0; i < explanation.layers.size(); ++i) {
    if (explanation.layers[i].share >= kLeastShare) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return explanation.layers[a].share > explanation.layers[b].share; });
  order.resize(std::min(order.size(), most));
  return order;
}

double own_part(const ExplainedLayer& layer) {
  const double own = std::pow(10, -layer.own_db / 10), inherited = std::pow(10, -layer.inherited_db / 10);
  return own + inherited > 1e-29 ? own / (own + inherited) : 0;
}

std::string explanation_text(const BuildReport& report) {
  using enum Table::Align;
  const Explanation& e = report.explanation;
  const std::vector<size_t> worst = worst_layers(e, kMarked);
  Table table({"", "layer", "op", "weights", "total", "own", "inherited", "channel", "output", "share", "cause"},
              {left, left, left, right, right, right, right, right, right, right, left});
  for (size_t i = 0; i < e.layers.size(); ++i) {
    const ExplainedLayer& l = e.layers[i];
    const bool marked = std::find(worst.begin(), worst.end(), i) != worst.end();
    table.add({marked ? "*" : "", l.layer, l.op, optional_decibel(l.weights_db), decibel_text(l.total_db),
               decibel_text(l.own_db), decibel_text(l.inherited_db), decibel_text(l.channel_db),
               optional_decibel(l.output_db), l.output_db ? fmt::format("{:.1f} %", 100 * l.share) : "",
               short_causes(l)});
  }
  return fmt::format("Where INT8 loses accuracy: the output is at {} dB, on {} sample{}\n", decibel_text(e.output_db),
                     e.samples, e.samples == 1 ? "" : "s") +
         table.text() + worst_text(e) + reverted_text(report.reverted) + legend(e);
}

}  // namespace stretto::cli
