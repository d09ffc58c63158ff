#include "onnx/spatial.h"

#include <algorithm>

namespace stretto::onnx {

Result<Window> read_window(NodeContext& n, const Shape& src, const Dims& kernel) {
  const int count = kernel.size();
  if (src.size() != count + 2) {
    return bad_input("a kernel of " + std::to_string(count) + " axes does not fit src " + to_string(src));
  }
  Window window{n.spatial("strides", count, 1, 1), n.spatial("dilations", count, 1, 1),
                n.spatial("pads", 2 * count, 0, 0)};
  const std::string auto_pad = n.text("auto_pad", "NOTSET");
  STRETTO_TRY(n.mistakes());
  if (auto_pad == "NOTSET" || auto_pad.empty()) return window;
  if (auto_pad != "VALID" && auto_pad != "SAME_UPPER" && auto_pad != "SAME_LOWER") {
    return bad_input("auto_pad '" + auto_pad + "' is unknown");
  }
  window.auto_pad = true;
  window.pads = Dims::filled(2 * count, 0);
  if (auto_pad == "VALID") return window;
  for (int i = 0; i < count; ++i) {
    const int64_t in = src[i + 2];
    if (in < 1 || in > (int64_t{1} << 40) || kernel[i] < 1 || kernel[i] > (int64_t{1} << 31)) {
      return bad_input("src " + to_string(src) + " or kernel " + to_string(kernel) + " is out of range");
    }
    const int64_t out = (in - 1) / window.strides[i] + 1;
    const int64_t extent = (kernel[i] - 1) * window.dilations[i] + 1;
    const int64_t total = std::max<int64_t>((out - 1) * window.strides[i] + extent - in, 0);
    const int64_t smaller = total / 2;
    window.pads[i] = auto_pad == "SAME_UPPER" ? smaller : total - smaller;
    window.pads[i + count] = total - window.pads[i];
  }
  return window;
}

}  // namespace stretto::onnx
