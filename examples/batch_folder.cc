// A folder of samples, in batches: the largest class of each.
//
//   example_batch_folder MODEL.onnx FOLDER [BATCH] [PREPROCESSING]
//
// Files are raw float32, .npy, or pictures (with a preprocessing, "imagenet" for one).
#include <stretto/stretto.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

int main(int argc, char** argv) try {
  if (argc < 3) return std::fprintf(stderr, "usage: example_batch_folder MODEL FOLDER [BATCH] [PREPROCESSING]\n"), 2;
  stretto::BuildOptions options;
  options.batch = argc > 3 ? std::atoi(argv[3]) : 4;
  options.preprocess = argc > 4 ? argv[4] : "";
  const stretto::Engine engine(stretto::build(argv[1], options));
  const stretto::TensorInfo in = engine.inputs()[0], out = engine.outputs()[0];
  const auto batch = static_cast<size_t>(in.shape[0]);
  const size_t sample_bytes = in.bytes / batch, classes = out.elements / batch;

  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[2])) files.push_back(entry.path().string());
  std::sort(files.begin(), files.end());

  auto context = engine.context();
  std::vector<std::byte> input(in.bytes);
  std::vector<float> output(out.elements);
  for (size_t first = 0; first < files.size(); first += batch) {
    const size_t count = std::min(batch, files.size() - first);
    for (size_t i = 0; i < count; ++i) {
      const stretto::FileSamples file = stretto::read_samples(engine, files[first + i]);
      if (file.samples != 1) throw stretto::Error(stretto::ErrorKind::bad_input, files[first + i] + ": holds a batch");
      std::memcpy(&input[i * sample_bytes], file.bytes.data(), sample_bytes);
    }
    context.run({{in.name, input}}, {{out.name, output}});
    for (size_t i = 0; i < count; ++i) {
      const float* scores = &output[i * classes];
      const auto best = std::max_element(scores, scores + classes) - scores;
      std::printf("%s %td\n", std::filesystem::path(files[first + i]).filename().c_str(), best);
    }
  }
} catch (const std::exception& error) {
  return std::fprintf(stderr, "example_batch_folder: %s\n", error.what()), 1;
}
