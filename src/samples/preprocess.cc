#include "samples/preprocess.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>

namespace stretto::samples {
namespace {

constexpr int kMaxTarget = 16384;

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

Status wrong(std::string_view option, std::string_view takes) {
  return bad_usage(fmt::format("preprocessing '{}': takes {}", option, takes));
}

/// "224" or "320x240" (width x height).
bool parse_size(std::string_view text, int& width, int& height) {
  const size_t x = text.find('x');
  const auto w = parse_number(text.substr(0, x));
  const auto h = x == std::string_view::npos ? w : parse_number(text.substr(x + 1));
  if (!w || !h || *w < 1 || *h < 1 || *w > kMaxTarget || *h > kMaxTarget || *w != std::floor(*w) ||
      *h != std::floor(*h)) {
    return false;
  }
  width = static_cast<int>(*w);
  height = static_cast<int>(*h);
  return true;
}

bool parse_list(std::string_view text, std::vector<double>& out) {
  while (true) {
    const size_t cut = text.find_first_of("/:");
    const auto value = parse_number(text.substr(0, cut));
    if (!value || out.size() >= 3) return false;
    out.push_back(*value);
    if (cut == std::string_view::npos) return true;
    text.remove_prefix(cut + 1);
  }
}

/// A number, or a fraction of two: "1/255".
std::optional<double> parse_scale(std::string_view text) {
  const size_t slash = text.find('/');
  const auto a = parse_number(text.substr(0, slash));
  if (slash == std::string_view::npos || !a) return a;
  const auto b = parse_number(text.substr(slash + 1));
  return b && *b != 0 ? std::optional(*a / *b) : std::nullopt;
}

Status set_option(std::string_view option, std::string_view key, std::string_view value, Preprocessing& p) {
  if (key == "resize") {
    int width = 0, height = 0;
    if (!parse_size(value, width, height)) return wrong(option, "a size in pixels: 256 (shorter side) or 320x240");
    const bool exact = value.find('x') != std::string_view::npos;
    p.resize_shorter = exact ? 0 : width;
    p.resize_width = exact ? width : 0;
    p.resize_height = exact ? height : 0;
  } else if (key == "crop") {
    if (!parse_size(value, p.crop_width, p.crop_height)) return wrong(option, "a size in pixels: 224 or 320x240");
  } else if (key == "order") {
    if (value != "rgb" && value != "bgr" && value != "gray" && value != "grey")
      return wrong(option, "rgb, bgr or gray");
    p.order = value == "rgb" ? ChannelOrder::rgb : value == "bgr" ? ChannelOrder::bgr : ChannelOrder::grey;
  } else if (key == "mean") {
    p.mean.clear();
    if (!parse_list(value, p.mean)) return wrong(option, "one number or one a channel: 0.485,0.456,0.406");
  } else if (key == "std") {
    p.std.clear();
    if (!parse_list(value, p.std)) return wrong(option, "one number or one a channel: 0.229,0.224,0.225");
  } else if (key == "scale") {
    const auto scale = parse_scale(value);
    if (!scale || *scale == 0) return wrong(option, "a number or a fraction: 1/255");
    p.scale = *scale;
  } else if (key == "filter") {
    if (value != "bilinear" && value != "bicubic") return wrong(option, "bilinear or bicubic");
    p.filter = value == "bicubic" ? Filter::bicubic : Filter::bilinear;
  } else {
    return bad_usage(
        fmt::format("preprocessing '{}' is not known; give imagenet, or any of resize=, crop=, order=, mean=, std=, "
                    "scale=, filter=",
                    option));
  }
  return {};
}

Preprocessing imagenet() {
  Preprocessing p;
  p.resize_shorter = 256;
  p.crop_width = p.crop_height = 224;
  p.mean = {0.485, 0.456, 0.406};
  p.std = {0.229, 0.224, 0.225};
  return p;
}

Status check_lists(const Preprocessing& p) {
  for (const auto* list : {&p.mean, &p.std}) {
    if (list->size() > 1 && static_cast<int>(list->size()) != p.channels()) {
      return bad_usage(fmt::format("preprocessing: {} has {} numbers for {} channels; give one, or one a channel",
                                   list == &p.mean ? "mean" : "std", list->size(), p.channels()));
    }
  }
  for (double s : p.std) {
    if (s == 0) return bad_usage("preprocessing: std is 0; give what the network was trained with");
  }
  return {};
}

Image resize_as_told(const Image& picture, const Preprocessing& how) {
  int width = how.resize_width, height = how.resize_height;
  if (how.resize_shorter > 0) {  // torchvision: the longer side is cut to an integer
    const bool upright = picture.width <= picture.height;
    const int64_t shorter = upright ? picture.width : picture.height, longer = upright ? picture.height : picture.width;
    const auto scaled = static_cast<int>(static_cast<int64_t>(how.resize_shorter) * longer / shorter);
    width = upright ? how.resize_shorter : scaled;
    height = upright ? scaled : how.resize_shorter;
  }
  return width > 0 ? resize(picture, width, height, how.filter) : picture;
}

}  // namespace

Result<Preprocessing> parse_preprocessing(std::string_view text) {
  Preprocessing p;
  std::vector<double>* open_list = nullptr;  // a bare number continues it
  bool first = true;
  while (true) {
    const size_t comma = text.find(',');
    const std::string_view option = text.substr(0, comma);
    const size_t equals = option.find('=');
    if (first && option == "imagenet") {
      p = imagenet();
    } else if (equals != std::string_view::npos) {
      const std::string_view key = option.substr(0, equals);
      STRETTO_TRY(set_option(option, key, option.substr(equals + 1), p));
      open_list = key == "mean" ? &p.mean : key == "std" ? &p.std : nullptr;
    } else if (!open_list || !parse_list(option, *open_list)) {
      STRETTO_TRY(set_option(option, option, "", p));
    }
    first = false;
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  STRETTO_TRY(check_lists(p));
  return p;
}

Result<std::vector<float>> to_sample(const Image& picture, const Preprocessing& how, const TensorType& type,
                                     const std::string& where) {
  if (type.dtype != DType::f32 || type.shape.size() != 4 || type.shape[1] != how.channels()) {
    return bad_usage(fmt::format("{}: a picture with {} channels does not fit an input {}; see `order` of --preprocess",
                                 where, how.channels(), to_string(type)));
  }
  const bool grey = how.order == ChannelOrder::grey;
  if (how.resize_shorter > 0) {
    const int64_t longer = std::max(picture.width, picture.height), shorter = std::min(picture.width, picture.height);
    if (how.resize_shorter * longer / shorter * how.resize_shorter > kMaxPixels) {
      return bad_input(fmt::format("{}: {}x{} is too long and thin to resize; crop the picture", where, picture.width,
                                   picture.height));
    }
  }
  Image image = resize_as_told(grey ? to_grey(picture) : picture, how);
  if (how.crop_width > 0) image = centre_crop(image, how.crop_width, how.crop_height);
  const int64_t height = type.shape[2], width = type.shape[3];
  if (image.width != width || image.height != height) {
    return bad_usage(fmt::format("{}: becomes {}x{} pixels, the input is {}; set resize and crop of --preprocess to it",
                                 where, image.width, image.height, to_string(type)));
  }
  std::vector<float> out(static_cast<size_t>(height * width) * static_cast<size_t>(how.channels()));
  const size_t plane = static_cast<size_t>(height * width);
  const auto channels = static_cast<size_t>(image.channels);
  for (size_t c = 0; c < channels; ++c) {
    const double mean = how.mean.empty() ? 0 : how.mean[how.mean.size() == 1 ? 0 : c];
    const double deviation = how.std.empty() ? 1 : how.std[how.std.size() == 1 ? 0 : c];
    float table[256];
    for (int v = 0; v < 256; ++v) table[v] = static_cast<float>((v * how.scale - mean) / deviation);
    const uint8_t* from = image.pixels.data() + (how.order == ChannelOrder::bgr ? 2 - c : c);
    for (size_t i = 0; i < plane; ++i) out[c * plane + i] = table[from[i * channels]];
  }
  return out;
}

}  // namespace stretto::samples
