#include <fmt/format.h>
#include <stretto/tools.h>

#include <algorithm>

#include "cli/explain.h"
#include "cli/html.h"
#include "cli/text.h"

namespace stretto::cli {
namespace {

constexpr size_t kRanked = 12;

constexpr const char* kHead = R"html(<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<style>
:root { color-scheme: light dark; --line: #8884; --own: #d1495b; --inherited: #8d99ae; --int8: #2a78b8; --fp32: #c77d12; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem } h2 { font-size: 1.1rem; margin-top: 2rem }
table { border-collapse: collapse; width: 100%; font-size: 14px }
th, td { text-align: left; padding: .25rem .5rem; border-bottom: 1px solid var(--line); vertical-align: top }
th { position: sticky; top: 0; background: Canvas; cursor: pointer; white-space: nowrap }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.name { overflow-wrap: anywhere; min-width: 8rem }
tr.worst td.name { font-weight: 600 } tr:target { background: #ffd54a55 }
.bar { display: flex; height: .7rem; background: #8882; min-width: 5rem }
.bar i { display: block; height: 100% } .own { background: var(--own) } .inherited { background: var(--inherited) }
.type { color: #fff; border-radius: 3px; padding: 0 .35rem; font-size: 12px }
.int8 { background: var(--int8) } .fp32, .fp16 { background: var(--fp32) }
dt { font-weight: 600; margin-top: .5rem } dd { margin-left: 1.5rem } code { font-size: 13px }
</style>
)html";

constexpr const char* kTerms = R"html(<h2 id="terms">What the words mean</h2>
<p>Every figure is <b>signal to noise</b> (SQNR) against floating point, over all elements of all samples:
<code>10 · log10(Σ y² / Σ error²)</code> in dB. 6 dB are one bit; below 20 dB the error is a tenth of the signal.
With <code>y</code> what a layer computes in floating point, <code>o</code> the same from exact inputs with its weights and its
result rounded, and <code>q</code> what it computes in the quantised network:</p>
<dl>
<dt>total</dt><dd><code>error = q − y</code>: what the layers behind it meet. It is own + inherited.</dd>
<dt>own</dt><dd><code>error = o − y</code>: what the layer itself adds. A wider type for this layer takes it away.</dd>
<dt>inherited</dt><dd><code>error = q − o</code>: what its inputs bring along. Only the layers before it can mend that.</dd>
<dt>channel</dt><dd>own, of the median channel of its result. Far below own, the one scale suits a few wide channels and
starves the others.</dd>
<dt>weights</dt><dd>the rounded weights against the trained ones, <code>Σ w² / Σ (w − w')²</code>. Rounding for the least error
of the sums (GPTQ) lowers it on purpose: judge by own.</dd>
<dt>output, share</dt><dd>of the network's output if this layer alone were integer (o instead of y, all behind it in
floating point). The noise of all layers adds up to about the whole; share is a layer's part of that sum.</dd>
<dt>kinds</dt><dd>rounding: a value that is computed in floating point, or an input, becomes integers. product: a convolution
or fully connected layer, with the activation and addition behind it. table: any other function of one element. What only
moves integers (max pooling, concat, reshape) adds no error and has no row.</dd>
</dl>
<h2 id="causes">Causes</h2>
<p>Numbers are <code>real = (q − zero) · scale</code> with q from 0 to 255: one scale a tensor, for weights one an output
channel.</p>
)html";

constexpr const char* kScript = R"html(<script>
document.querySelectorAll("th").forEach(th => th.addEventListener("click", () => {
  const body = th.closest("table").tBodies[0], column = th.cellIndex, up = th.dataset.up !== "1";
  const key = row => row.cells[column].dataset.v ?? row.cells[column].textContent;
  th.dataset.up = up ? "1" : "0";
  [...body.rows].sort((a, b) => {
    const x = key(a), y = key(b), d = x !== "" && y !== "" && !isNaN(x) && !isNaN(y) ? x - y : x.localeCompare(y);
    return up ? d : -d;
  }).forEach(row => body.append(row));
}));
</script></body></html>
)html";

std::string cell(const std::optional<double>& db) {
  if (!db) return "<td class=\"n\" data-v=\"\"></td>";
  return fmt::format("<td class=\"n\" data-v=\"{:.4f}\">{}</td>", *db, decibel_text(*db));
}

std::string causes_html(const ExplainedLayer& layer) {
  std::string text;
  for (const ErrorCause& c : layer.causes) {
    text += fmt::format("{}<a href=\"#cause-{}\">{}</a>", text.empty() ? "" : "<br>", html_escaped(c.cause),
                        html_escaped(c.text));
  }
  return text;
}

std::string ranking_html(const Explanation& e, const std::vector<size_t>& worst) {
  if (worst.empty()) return {};
  const double most = e.layers[worst[0]].share;
  std::string rows;
  for (size_t i : worst) {
    const ExplainedLayer& l = e.layers[i];
    rows += fmt::format(
        "<tr><td class=\"name\"><a href=\"#layer-{}\">{}</a></td><td class=\"n\" data-v=\"{:.6f}\">{:.1f} %</td>"
        "<td data-v=\"{:.6f}\"><div class=\"bar\"><i class=\"own\" style=\"width:{:.1f}%\"></i></div></td>{}<td>{}</td>"
        "</tr>\n",
        i, html_escaped(l.layer), l.share, 100 * l.share, l.share, 100 * l.share / most, cell(l.output_db),
        causes_html(l));
  }
  return "<h2 id=\"ranking\">Where the output's accuracy goes</h2>\n<table><thead><tr><th>layer</th><th>share</th>"
         "<th>of the output's noise</th><th>output dB, this layer alone int8</th><th>cause</th></tr></thead><tbody>\n" +
         rows + "</tbody></table>\n";
}

std::string layers_html(const Explanation& e, const std::vector<size_t>& worst) {
  std::string rows;
  for (size_t i = 0; i < e.layers.size(); ++i) {
    const ExplainedLayer& l = e.layers[i];
    const bool marked = std::find(worst.begin(), worst.end(), i) != worst.end();
    const double own = 100 * own_part(l), came = l.total_db >= 300 ? 0 : 100 - own;
    rows += fmt::format(
        "<tr id=\"layer-{}\"{}><td class=\"n\" data-v=\"{}\"><a href=\"#layer-{}\">{}</a></td>"
        "<td class=\"name\">{}</td><td>{}</td><td><span class=\"type int8\">int8</span></td>{}{}{}{}"
        "<td data-v=\"{:.3f}\"><div class=\"bar\"><i class=\"own\" style=\"width:{:.1f}%\"></i>"
        "<i class=\"inherited\" style=\"width:{:.1f}%\"></i></div></td>{}{}<td class=\"n\" data-v=\"{:.6f}\">{}</td>"
        "<td>{}</td></tr>\n",
        i, marked ? " class=\"worst\"" : "", i, i, i + 1, html_escaped(l.layer), html_escaped(l.op), cell(l.weights_db),
        cell(l.total_db), cell(l.own_db), cell(l.inherited_db), own, own, came, cell(l.channel_db), cell(l.output_db),
        l.share, l.output_db ? fmt::format("{:.1f} %", 100 * l.share) : "", causes_html(l));
  }
  return "<h2 id=\"layers\">Layer by layer</h2>\n<p>In the order of the network; a click on a heading sorts. Bars: of "
         "the "
         "error, <span class=\"type own\">own</span> and <span class=\"type inherited\">inherited</span>. Names in "
         "bold cost "
         "the output most.</p>\n<table><thead><tr><th>#</th><th>layer</th><th>kind</th><th>type</th><th>weights</th>"
         "<th>total</th><th>own</th><th>inherited</th><th>own : inherited</th><th>channel</th><th>output</th>"
         "<th>share</th><th>cause</th></tr></thead><tbody>\n" +
         rows + "</tbody></table>\n";
}

std::string reverted_html(const std::vector<RevertedLayer>& reverted) {
  if (reverted.empty()) return {};
  std::string rows;
  for (const RevertedLayer& l : reverted) {
    rows +=
        fmt::format("<tr><td class=\"name\">{}</td><td><span class=\"type {}\">{}</span></td><td>{}</td></tr>\n",
                    html_escaped(l.layer), l.to == "fp16" ? "fp16" : "fp32", html_escaped(l.to), html_escaped(l.why));
  }
  return "<h2 id=\"reverted\">Not int8</h2>\n<table><thead><tr><th>layer</th><th>type</th><th>why</th></tr></thead>"
         "<tbody>\n" +
         rows + "</tbody></table>\n";
}

}  // namespace

std::string explanation_html(const BuildReport& report) {
  const Explanation& e = report.explanation;
  const std::vector<size_t> worst = worst_layers(e, kRanked);
  std::string page = kHead;
  page += fmt::format(
      "<title>INT8 of {0}</title></head><body>\n<h1>Where INT8 loses accuracy: {0}</h1>\n<p>The quantised network's "
      "output is at "
      "<b>{1} dB</b> against floating point, on {2} sample{3}; layers are ranked on {4}. The plan that was written is "
      "{5}.</p>\n",
      html_escaped(report.model), decibel_text(e.output_db), e.samples, e.samples == 1 ? "" : "s", e.ranked_samples,
      html_escaped(report.precision));
  page += ranking_html(e, worst) + reverted_html(report.reverted) + layers_html(e, worst) + kTerms + "<dl>\n";
  for (const auto& [cause, meaning] : error_causes()) {
    page += fmt::format("<dt id=\"cause-{0}\">{0}</dt><dd>{1}</dd>\n", html_escaped(cause), html_escaped(meaning));
  }
  return page + "</dl>\n" + kScript;
}

void write_explanation(const BuildReport& report, const std::string& file) {
  save_text(explanation_html(report), file);
}

}  // namespace stretto::cli
