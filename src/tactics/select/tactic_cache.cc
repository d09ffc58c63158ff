#include "tactics/select/tactic_cache.h"

#include <charconv>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <vector>

#include "base/atomic_file.h"

namespace stretto {
namespace {

constexpr const char* kHeader = "stretto tactic cache 1";
constexpr size_t kMaxLine = 16384;
constexpr uintmax_t kMaxFile = uintmax_t{256} << 20;

std::vector<std::string> split(const std::string& line) {
  std::vector<std::string> fields;
  size_t start = 0;
  while (true) {
    size_t tab = line.find('\t', start);
    fields.push_back(line.substr(start, tab - start));
    if (tab == std::string::npos) return fields;
    start = tab + 1;
  }
}

template <class T>
bool parse_number(const std::string& text, T& value) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

TacticCache::TacticCache(std::string path, std::string machine)
    : path_(std::move(path)), machine_(std::move(machine)) {}

Status TacticCache::read(const std::string& path, std::map<Key, Entry>& entries) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return {};
  if (std::filesystem::file_size(path, error) > kMaxFile || error) {
    return bad_input("tactic cache '" + path + "' is no readable file of less than 256 MiB: name another");
  }
  std::ifstream in(path);
  std::string line;
  if (!std::getline(in, line)) return {};
  if (line != kHeader) {
    return bad_input("'" + path + "' is not a tactic cache of this version: name another file or remove it");
  }
  while (std::getline(in, line)) {
    if (line.size() > kMaxLine) continue;
    std::vector<std::string> f = split(line);
    Entry entry;
    if (f.size() != 6 || !parse_number(f[3], entry.version)) continue;
    auto config = config_from_string(f[4]);
    if (!config.ok() || !parse_number(f[5], entry.seconds) || !(entry.seconds >= 0)) continue;
    entry.tactic = f[2];
    entry.config = *config;
    entry.seconds *= 1e-9;
    entries[{f[0], f[1]}] = entry;
  }
  return {};
}

Status TacticCache::load() {
  return read(path_, entries_);
}

Status TacticCache::save() const {
  if (!changed_ || path_.empty()) return {};
  std::error_code error;
  std::filesystem::path target(path_);
  if (target.has_parent_path()) std::filesystem::create_directories(target.parent_path(), error);
  std::map<Key, Entry> merged;
  STRETTO_TRY(read(path_, merged));
  for (const auto& [key, entry] : entries_) merged[key] = entry;

  std::string text = std::string(kHeader) + "\n";
  for (const auto& [key, e] : merged) {
    text += key.first + '\t' + key.second + '\t' + e.tactic + '\t' + std::to_string(e.version) + '\t' +
            to_string(e.config) + '\t' + std::to_string(static_cast<int64_t>(e.seconds * 1e9)) + '\n';
  }
  return write_file_whole(path_, text.data(), text.size()).in("tactic cache (--tactic-cache FILE names another)");
}

std::optional<TacticCache::Entry> TacticCache::find(const std::string& problem) const {
  auto found = entries_.find({machine_, problem});
  return found == entries_.end() ? std::nullopt : std::optional(found->second);
}

void TacticCache::put(const std::string& problem, Entry entry) {
  entries_[{machine_, problem}] = std::move(entry);
  changed_ = true;
}

std::string default_tactic_cache_path() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && *cache == '/') return std::string(cache) + "/stretto/tactics.tsv";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return std::string(home) + "/.cache/stretto/tactics.tsv";
  return {};
}

}  // namespace stretto
