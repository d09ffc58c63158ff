// A build's explanation for people: a table in the terminal, and a page.
#pragma once

#include <stretto/build.h>

#include <string>

namespace stretto::cli {

/// The table, in the order of the network, with the layers that cost most marked; what they suffer from; a legend.
std::string explanation_text(const BuildReport& report);

/// One self-contained page: no network access, nothing from the model but text.
std::string explanation_html(const BuildReport& report);
/// Writes it whole or not at all. Throws Error.
void write_explanation(const BuildReport& report, const std::string& file);

/// Positions in explanation.layers of those that cost the output most, the worst first: at most `most`, each with at
/// least a hundredth of the output's noise.
std::vector<size_t> worst_layers(const Explanation& explanation, size_t most);

/// How much of a layer's error is its own: own / (own + inherited), by energy; 0 without any.
double own_part(const ExplainedLayer& layer);

}  // namespace stretto::cli
