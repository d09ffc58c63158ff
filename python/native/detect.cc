// Detector for Python.
#include <stretto/detect.h>

#include <cstring>
#include <optional>

#include "arrays.h"
#include "module.h"

namespace stretto::python {
namespace {

/// One picture's rows of values; the batch of 1 may be there or not.
InputArray rows_of(const char* name, size_t anchors, size_t values, nb::handle given) {
  TensorInfo info{name, ElementType::f32, {1, static_cast<int64_t>(anchors), static_cast<int64_t>(values)}, 0, 0};
  if (!has_shape_of(info, given)) info.shape.erase(info.shape.begin());
  return as_input(info, given);
}

std::span<const float> floats_of(const InputArray& array) {
  return {static_cast<const float*>(array.data()), array.size()};
}

/// A new array of n rows (of four with `box`), filled by a function of a detection.
template <class T, size_t kWidth, class Get>
nb::object column(const std::vector<Detection>& found, ElementType type, Get get) {
  TensorInfo info{"", type, {static_cast<int64_t>(found.size())}, 0, found.size() * kWidth * sizeof(T)};
  if (kWidth > 1) info.shape.push_back(kWidth);
  void* data = nullptr;
  nb::object array = new_array(info, data);
  for (size_t i = 0; i < found.size(); ++i) {
    const auto value = get(found[i]);
    static_assert(sizeof(value) == kWidth * sizeof(T));
    std::memcpy(static_cast<T*>(data) + i * kWidth, &value, sizeof(value));
  }
  return array;
}

nb::tuple detect(const Detector& self, nb::handle scores, nb::handle offsets) {
  const size_t anchors = self.anchors().size();
  const InputArray s = rows_of("scores", anchors, static_cast<size_t>(self.options().classes), scores);
  const InputArray o = rows_of("offsets", anchors, 4, offsets);
  std::vector<Detection> found;
  {
    const nb::gil_scoped_release released;
    found = self.detect(floats_of(s), floats_of(o));
  }
  return nb::make_tuple(column<float, 4>(found, ElementType::f32, [](const Detection& d) { return d.box; }),
                        column<float, 1>(found, ElementType::f32, [](const Detection& d) { return d.score; }),
                        column<int32_t, 1>(found, ElementType::i32, [](const Detection& d) { return d.label; }),
                        column<int32_t, 1>(found, ElementType::i32, [](const Detection& d) { return d.anchor; }));
}

nb::object anchors_of(const Detector& self) {
  TensorInfo info{"", ElementType::f32, {static_cast<int64_t>(self.anchors().size()), 4}, 0, 0};
  info.bytes = self.anchors().size() * sizeof(Box);
  void* data = nullptr;
  nb::object array = new_array(info, data);
  std::memcpy(data, self.anchors().data(), info.bytes);
  return array;
}

Detector made(DetectorOptions options, std::optional<float> score, std::optional<float> overlap_limit,
              std::optional<size_t> candidates, std::optional<size_t> detections) {
  options.score_threshold = score.value_or(options.score_threshold);
  options.overlap_threshold = overlap_limit.value_or(options.overlap_threshold);
  options.candidates = candidates.value_or(options.candidates);
  options.detections = detections.value_or(options.detections);
  return Detector(std::move(options));
}

}  // namespace

void add_detect(nb::module_& m) {
  using Number = std::optional<float>;
  using Count = std::optional<size_t>;
  nb::class_<Detector>(m, "Detector",
                       "From a detector's raw outputs to boxes: anchors, box decoding, suppression by class. Boxes are "
                       "(x0, y0, x1, y1) in pixels of the network's input. UsageError: sizes that do not fit.")
      .def_static(
          "retinanet",
          [](int height, int width, int classes, Number score, Number overlap, Count candidates, Count detections) {
            return made(retinanet(height, width, classes), score, overlap, candidates, detections);
          },
          nb::arg("height"), nb::arg("width"), nb::arg("classes") = 91, nb::kw_only(),
          nb::arg("score_threshold") = nb::none(), nb::arg("overlap_threshold") = nb::none(),
          nb::arg("candidates") = nb::none(), nb::arg("detections") = nb::none(),
          "torchvision's RetinaNet for inputs of that size: raw class scores, score threshold 0.05, overlap 0.5, at "
          "most "
          "1000 candidates of a level and 300 detections.")
      .def_static(
          "retinaface",
          [](int height, int width, Number score, Number overlap, Count candidates, Count detections) {
            return made(retinaface(height, width), score, overlap, candidates, detections);
          },
          nb::arg("height"), nb::arg("width"), nb::kw_only(), nb::arg("score_threshold") = nb::none(),
          nb::arg("overlap_threshold") = nb::none(), nb::arg("candidates") = nb::none(),
          nb::arg("detections") = nb::none(),
          "RetinaFace with MobileNet-0.25 for inputs of that size: probabilities, class 1 is a face, score threshold "
          "0.5, "
          "overlap 0.4.")
      .def("__call__", &detect, nb::arg("scores"), nb::arg("offsets"),
           nb::sig("def __call__(self, scores: object, offsets: object) -> tuple[object, object, object, object]"),
           "One picture: scores [anchors, classes] and offsets [anchors, 4], float32, dense; a leading 1 may stand "
           "before "
           "both. Returns boxes [n, 4] float32, scores [n] float32, labels [n] int32 and anchors [n] int32, the best "
           "score first.")
      .def_prop_ro("anchors", &anchors_of, nb::sig("def anchors(self) -> object"), "[anchors, 4] float32, in pixels.");
}

}  // namespace stretto::python
