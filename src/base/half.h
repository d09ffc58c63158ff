// f16 (IEEE binary16) and bf16 to and from double: rounded once, to nearest even.
#pragma once

#include <cstdint>

namespace stretto {

double f16_to_double(uint16_t bits);
uint16_t f16_from_double(double value);
/// The same, for many values: some nanoseconds each.
uint16_t f16_from_float(float value);
float f16_to_float(uint16_t bits);
double bf16_to_double(uint16_t bits);
uint16_t bf16_from_double(double value);

}  // namespace stretto
