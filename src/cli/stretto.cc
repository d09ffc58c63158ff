// stretto: build, run, bench, inspect, compare, diff, devices.
#include <CLI/CLI.hpp>

#include "cli/commands.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  using namespace stretto::cli;
  end_on_signals();
  CLI::App app("Optimise convolutional networks for this machine, and run them in real time.", "stretto");
  app.set_version_flag("--version", "stretto 0.1.0");
  app.require_subcommand(1);
  app.footer(
      "Start here:\n"
      "  stretto build model.onnx -o model.plan --preprocess imagenet\n"
      "  stretto run model.plan --input photographs/ --output answers/\n"
      "  stretto bench model.plan\n\n"
      "`stretto COMMAND --help` shows the options of one command. Exit status: 0 done, 1 the work failed, 2 wrong "
      "usage or\n"
      "a file that is missing or damaged.");
  Work work;
  add_build(app, work);
  add_run(app, work);
  add_bench(app, work);
  add_inspect(app, work);
  add_compare(app, work);
  add_diff(app, work);
  add_devices(app, work);
  return run_program(app, argc, argv, [&work] { work(); });
}
