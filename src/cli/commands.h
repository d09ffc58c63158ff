// The verbs of `stretto`. Each adds its subcommand to the app; `work` is set when it was chosen.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace stretto::cli {

using Work = std::function<void()>;

void add_build(CLI::App& app, Work& work);
void add_run(CLI::App& app, Work& work);
void add_bench(CLI::App& app, Work& work);
void add_inspect(CLI::App& app, Work& work);
void add_compare(CLI::App& app, Work& work);
void add_diff(CLI::App& app, Work& work);
void add_devices(CLI::App& app, Work& work);

}  // namespace stretto::cli
