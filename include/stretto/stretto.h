// Stretto: build optimised plans from ONNX networks, and run them. This header is the whole C++ API.
#pragma once

#include <stretto/build.h>
#include <stretto/context.h>
#include <stretto/detect.h>
#include <stretto/engine.h>
#include <stretto/error.h>
#include <stretto/samples.h>
#include <stretto/tools.h>
#include <stretto/types.h>
