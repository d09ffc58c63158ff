#include "cli/program.h"

#include <fmt/format.h>
#include <pthread.h>
#include <stretto/error.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <new>
#include <thread>

#include "cli/text.h"

namespace stretto::cli {
namespace {

std::mutex saving;

int complain(const std::string& program, const std::string& message, int status) {
  std::fflush(stdout);
  std::fputs(fmt::format("{}: error: {}\n", program, one_line(message)).c_str(), stderr);
  return status;
}

int status_of(ErrorKind kind) {
  return kind == ErrorKind::bad_input || kind == ErrorKind::bad_usage ? kUsage : kFailed;
}

/// The command whose help tells more: "stretto build".
std::string innermost_command(const CLI::App& app) {
  const auto chosen = app.get_subcommands();
  return app.get_name() + (chosen.empty() ? "" : " " + chosen[0]->get_name());
}

int parse(CLI::App& app, int argc, char** argv, bool& go_on) {
  go_on = false;
  try {
    app.parse(argc, argv);
    go_on = true;
    return kDone;
  } catch (const CLI::Success& wanted) {  // --help, --version
    return app.exit(wanted);
  } catch (const CLI::ParseError& error) {
    return complain(app.get_name(), fmt::format("{}; see '{} --help'", error.what(), innermost_command(app)), kUsage);
  }
}

}  // namespace

int run_program(CLI::App& app, int argc, char** argv, const std::function<void()>& work) {
  try {
    bool go_on = false;
    const int status = parse(app, argc, argv, go_on);
    if (!go_on) return status;
    work();
    if (std::fflush(stdout) != 0)
      return complain(app.get_name(), "stdout cannot be written; check where it goes", kFailed);
    return kDone;
  } catch (const Error& error) {
    return complain(app.get_name(), error.what(), status_of(error.kind()));
  } catch (const std::bad_alloc&) {
    return complain(app.get_name(), "not enough memory for this network here; give a smaller batch or shape", kFailed);
  } catch (const std::exception& error) {
    return complain(app.get_name(), error.what(), kFailed);
  }
}

void end_on_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (int s : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, s);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread([set] {
    int which = 0;
    if (sigwait(&set, &which) != 0) return;
    const std::lock_guard lock(saving);
    static constexpr char kText[] = "\ninterrupted\n";
    [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, kText, sizeof(kText) - 1);
    ::_exit(128 + which);
  }).detach();
}

Saving::Saving() : lock_(saving) {}

void check_can_write(const std::string& path) {
  std::error_code ec;
  if (std::filesystem::is_directory(path, ec)) {
    throw Error(ErrorKind::bad_usage, fmt::format("{}: is a folder; give the name of a file", path));
  }
  const std::filesystem::path parent = std::filesystem::path(path).parent_path();
  const std::string folder = parent.empty() ? "." : parent.string();
  if (!std::filesystem::is_directory(folder, ec) || ::access(folder.c_str(), W_OK) != 0) {
    throw Error(ErrorKind::bad_usage,
                fmt::format("{}: the folder '{}' is not there or cannot be written to; make it first", path, folder));
  }
}

}  // namespace stretto::cli
