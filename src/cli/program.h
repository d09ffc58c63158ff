// What both programs share: errors to one line and an exit status, and interruption that leaves nothing half-written.
#pragma once

#include <functional>
#include <mutex>
#include <string>

namespace CLI {
class App;
}

namespace stretto::cli {

/// Exit statuses of the contract.
enum Exit : int { kDone = 0, kFailed = 1, kUsage = 2 };

/// Parses, runs what the parsed options ask for, and turns whatever is thrown into one line on stderr and a status.
int run_program(CLI::App& app, int argc, char** argv, const std::function<void()>& work);

/// SIGINT, SIGTERM and SIGHUP end the program by a thread that waits for them, never while a file is being written.
/// Call first: threads inherit the mask.
void end_on_signals();

/// Held while a file is written.
class Saving {
 public:
  Saving();

 private:
  std::unique_lock<std::mutex> lock_;
};

/// Throws Error(bad_usage) unless `path` is in a folder that can be written to. Before long work.
void check_can_write(const std::string& path);

}  // namespace stretto::cli
