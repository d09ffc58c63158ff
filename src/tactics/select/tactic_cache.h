// TacticCache: what earlier builds measured, kept in a text file.
//
// One line an entry, tab-separated: machine, problem, tactic, its version, its config, nanoseconds. A damaged line is
// skipped; a damaged file costs only time. Saving merges with what others wrote meanwhile and replaces the file whole.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "base/status.h"
#include "tactics/tactic.h"

namespace stretto {

class TacticCache {
 public:
  struct Entry {
    std::string tactic;
    uint32_t version = 0;
    Config config;
    double seconds = 0;
  };

  /// `machine` says all that a timing depends on beside the problem: processor, ISA, threads.
  TacticCache(std::string path, std::string machine);
  /// A missing file is an empty cache; a file that is not a tactic cache is bad_input.
  Status load();
  Status save() const;

  std::optional<Entry> find(const std::string& problem) const;
  void put(const std::string& problem, Entry entry);

 private:
  using Key = std::pair<std::string, std::string>;  // machine, problem
  static Status read(const std::string& path, std::map<Key, Entry>& entries);

  std::string path_, machine_;
  std::map<Key, Entry> entries_;
  bool changed_ = false;
};

/// "…/stretto/tactics.tsv" in the user's cache folder ($XDG_CACHE_HOME or ~/.cache); empty when there is none.
std::string default_tactic_cache_path();

}  // namespace stretto
