// A camera: frames come at a fixed rate, and each must be through the network before its deadline.
//
//   example_camera PLAN [RATE_HZ] [FRAMES]
//
// The loop allocates nothing. A frame here is a moving gradient; a camera's driver would write into `frame` instead.
#include <stretto/context.h>
#include <stretto/engine.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

int main(int argc, char** argv) try {
  if (argc < 2) return std::fprintf(stderr, "usage: example_camera PLAN [RATE_HZ] [FRAMES]\n"), 2;
  const double rate_hz = argc > 2 ? std::atof(argv[2]) : 30;
  const int frames = argc > 3 ? std::atoi(argv[3]) : 90;
  if (!(rate_hz > 0.1) || frames < 1) return std::fprintf(stderr, "example_camera: a rate and frames, please\n"), 2;

  const auto engine = stretto::Engine::load(argv[1]);
  const stretto::TensorInfo in = engine.inputs()[0], out = engine.outputs()[0];
  if (engine.inputs().size() != 1 || engine.outputs().size() != 1 || in.type != stretto::ElementType::f32) {
    return std::fprintf(stderr, "example_camera: takes a network with one float32 input and one output\n"), 2;
  }
  auto context = engine.context();
  std::vector<float> frame(in.elements);
  std::vector<std::byte> result(out.bytes);
  const stretto::InputView inputs[] = {{in.name, frame}};
  const stretto::OutputView outputs[] = {{out.name, result}};
  context.run(inputs, outputs);  // once beforehand: memory is touched, workers are awake

  using Clock = std::chrono::steady_clock;
  const auto period = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / rate_hz));
  int missed = 0;
  double slowest_ms = 0;
  auto arrival = Clock::now();
  for (int f = 0; f < frames; ++f, arrival += period) {
    std::this_thread::sleep_until(arrival);
    for (size_t i = 0; i < frame.size(); ++i) frame[i] = static_cast<float>((i + static_cast<size_t>(f)) % 256) / 255;
    context.run(inputs, outputs);
    const double ms = std::chrono::duration<double, std::milli>(Clock::now() - arrival).count();
    slowest_ms = std::max(slowest_ms, ms);
    missed += ms > 1e3 / rate_hz;
  }
  std::printf("%d frames at %g Hz: %d missed their deadline, slowest %.2f ms\n", frames, rate_hz, missed, slowest_ms);
} catch (const stretto::Error& error) {
  return std::fprintf(stderr, "example_camera: %s\n", error.what()), 1;
}
