// Preprocessing: how a picture becomes an input tensor. The text of it is kept in plans.
//
// Picture → RGB, BGR or grey → resize → centre crop → (x · scale − mean) / std in the tensor's channel order → N,C,H,W.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/tensor.h"
#include "samples/image.h"
#include "samples/resample.h"

namespace stretto::samples {

enum class ChannelOrder : uint8_t { rgb, bgr, grey };

struct Preprocessing {
  int resize_shorter = 0;                   // 0: not by the shorter side
  int resize_width = 0, resize_height = 0;  // 0: not to an exact size
  int crop_width = 0, crop_height = 0;      // 0: no crop
  ChannelOrder order = ChannelOrder::rgb;
  std::vector<double> mean, std;  // empty: 0 and 1; one value: for every channel
  double scale = 1.0 / 255;
  Filter filter = Filter::bilinear;

  int channels() const { return order == ChannelOrder::grey ? 1 : 3; }
};

/// "imagenet", or options of "resize=256,crop=224,order=rgb,mean=0.5,0.5,0.5,std=…,scale=1/255,filter=bicubic"; options
/// may follow "imagenet" and change it. Lists are separated by ',', ':' or '/'; sizes may be WxH.
Result<Preprocessing> parse_preprocessing(std::string_view text);

/// One sample of an input of `type` (f32, rank 4: N,C,H,W; the batch does not matter). `where` is the picture's name.
Result<std::vector<float>> to_sample(const Image& picture, const Preprocessing& how, const TensorType& type,
                                     const std::string& where);

}  // namespace stretto::samples
