// Inside quantize/: the network of floats with the weights of its integer layers as rounded as they are.
#pragma once

#include "quantize/correct_bias.h"
#include "quantize/integer_layers.h"

namespace stretto::quantize {

/// The scale of a value that has one under this recipe.
ValueScale scale_of(const ir::Graph& floats, const TypePlan& plan, const Recipe& recipe, ir::ValueId id);

/// A copy of `floats` where every product among `layers` has the weights that its integers stand for, and its bias: the
/// rounded one, or, where the recipe corrects it, one corrected for inputs in floating point, by the mean error over
/// these samples: what a recipe corrects is also the error that comes in, which is none of the layer's own.
Result<ir::Graph> round_weights_of(const ir::Graph& floats, const std::vector<IntegerLayer>& layers,
                                   const ir::Graph& quantised, const Recipe& recipe, const SampleTensors& samples,
                                   const Prepare& prepare);

}  // namespace stretto::quantize
