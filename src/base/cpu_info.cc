#include "base/cpu_info.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#endif

namespace stretto {
namespace {

struct IsaRow {
  Isa isa;
  std::string_view name;
  uint32_t includes;  // bits by position in kRows, itself included
};

// What each row's code may also use. AVX-VNNI has its own encoding, so AVX-512 VNNI does not bring it.
constexpr std::array<IsaRow, 9> kRows = {{
    {Isa::scalar, "scalar", 0b000000001},
    {Isa::avx2, "avx2", 0b000000011},
    {Isa::avx_vnni, "avx_vnni", 0b000000111},
    {Isa::avx512, "avx512", 0b000001011},
    {Isa::avx512_vnni, "avx512_vnni", 0b000011011},
    {Isa::avx512_fp16, "avx512_fp16", 0b000111011},
    {Isa::neon, "neon", 0b001000001},
    {Isa::dotprod, "dotprod", 0b011000001},
    {Isa::i8mm, "i8mm", 0b111000001},
}};

int row_of(Isa isa) {
  for (size_t i = 0; i < kRows.size(); ++i) {
    if (kRows[i].isa == isa) return static_cast<int>(i);
  }
  return -1;
}

constexpr uint32_t bit(int n) {
  return uint32_t{1} << n;
}

/// Bits by position in kRows: what the processor and the operating system offer.
uint32_t detect() {
  uint32_t found = bit(0);
#if defined(__x86_64__)
  uint32_t a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0) return found;
  bool osxsave = (c & bit(27)) != 0, fma = (c & bit(12)) != 0, f16c = (c & bit(29)) != 0;
  if (!osxsave) return found;
  uint32_t xcr0 = 0, xcr0_high = 0;
  __asm__ volatile("xgetbv" : "=a"(xcr0), "=d"(xcr0_high) : "c"(0));
  bool ymm = (xcr0 & 0x6) == 0x6, zmm = (xcr0 & 0xe6) == 0xe6;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return found;
  uint32_t leaf7_max = a, leaf7_b = b, leaf7_c = c, leaf7_d = d;
  if (!(ymm && fma && f16c && (leaf7_b & bit(5)))) return found;
  found |= bit(1);
  if (leaf7_max >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & bit(4))) found |= bit(2);
  constexpr uint32_t kAvx512 = bit(16) | bit(17) | bit(30) | bit(31);  // F, DQ, BW, VL
  if (!zmm || (leaf7_b & kAvx512) != kAvx512) return found;
  found |= bit(3);
  if (!(leaf7_c & bit(11))) return found;
  found |= bit(4);
  if (leaf7_d & bit(23)) found |= bit(5);
#elif defined(__aarch64__)
  found |= bit(6);
  if (!(getauxval(AT_HWCAP) & (1UL << 20))) return found;  // ASIMDDP
  found |= bit(7);
  if (getauxval(AT_HWCAP2) & (1UL << 13)) found |= bit(8);  // I8MM
#endif
  return found;
}

uint32_t detected() {
  static const uint32_t found = detect();
  return found;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

std::optional<int64_t> leading_number(std::string_view text) {
  int64_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc()) return std::nullopt;
  return value;
}

/// Whole CPUs in quota/period, at least 1; nothing where there is no quota.
std::optional<int> whole_cpus(std::optional<int64_t> quota, std::optional<int64_t> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;
  return static_cast<int>(std::clamp<int64_t>(*quota / *period, 1, 1 << 20));
}

std::optional<int> quota_v2(const std::string& group) {
  std::string line = first_line(group + "/cpu.max");  // "max 100000" or "150000 100000"
  size_t space = line.find(' ');
  if (space == std::string::npos) return std::nullopt;
  return whole_cpus(leading_number(line), leading_number(std::string_view(line).substr(space + 1)));
}

std::optional<int> quota_v1(const std::string& group) {
  return whole_cpus(leading_number(first_line(group + "/cpu.cfs_quota_us")),
                    leading_number(first_line(group + "/cpu.cfs_period_us")));
}

/// The least quota of `path` under `root` and of its parents up to the root.
template <class QuotaOf>
int least_quota(const std::string& root, std::string path, QuotaOf quota_of, int limit) {
  while (true) {
    if (std::optional<int> quota = quota_of(root + path)) limit = std::min(limit, *quota);
    size_t slash = path.rfind('/');
    if (path.empty() || slash == std::string::npos) return limit;
    path.resize(slash);
  }
}

bool lists_cpu(std::string_view controllers) {
  while (!controllers.empty()) {
    size_t comma = std::min(controllers.find(','), controllers.size());
    if (controllers.substr(0, comma) == "cpu") return true;
    controllers.remove_prefix(std::min(comma + 1, controllers.size()));
  }
  return false;
}

int cgroup_limit(int limit) {
  std::ifstream file("/proc/self/cgroup");
  std::string line;  // "0::/a/b" (v2) or "4:cpu,cpuacct:/a/b" (v1)
  while (std::getline(file, line)) {
    size_t first = line.find(':');
    size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (path == "/") path.clear();
    if (controllers.empty()) limit = least_quota("/sys/fs/cgroup", path, quota_v2, limit);
    if (lists_cpu(controllers)) limit = least_quota("/sys/fs/cgroup/cpu", path, quota_v1, limit);
  }
  return limit;
}

int affinity_cpus() {
  for (size_t cpus = 1024; cpus <= 65536; cpus *= 2) {
    std::vector<unsigned long> mask(cpus / (8 * sizeof(unsigned long)), 0);
    size_t bytes = mask.size() * sizeof(unsigned long);
    auto* set = reinterpret_cast<cpu_set_t*>(mask.data());
    if (sched_getaffinity(0, bytes, set) == 0) return std::max(1, CPU_COUNT_S(bytes, set));
  }
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

/// sysfs, for machines whose C library does not know: "32K", "1M".
int64_t sysfs_cache_bytes(int level) {
  for (int i = 0; i < 8; ++i) {
    std::string dir = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(i) + "/";
    if (first_line(dir + "type") == "Instruction" || leading_number(first_line(dir + "level")) != level) continue;
    std::string size = first_line(dir + "size");
    std::optional<int64_t> number = leading_number(size);
    if (!number || *number <= 0 || *number > (int64_t{1} << 32)) return 0;
    return *number * (size.back() == 'K' ? 1024 : size.back() == 'M' ? 1024 * 1024 : 1);
  }
  return 0;
}

}  // namespace

std::string_view name_of(Isa isa) {
  int row = row_of(isa);
  return row < 0 ? "?" : kRows[static_cast<size_t>(row)].name;
}

std::optional<Isa> isa_from_name(std::string_view name) {
  for (const IsaRow& row : kRows) {
    if (row.name == name) return row.isa;
  }
  return std::nullopt;
}

bool contains(Isa available, Isa needed) {
  int a = row_of(available), n = row_of(needed);
  return a >= 0 && n >= 0 && (kRows[static_cast<size_t>(a)].includes & bit(n)) != 0;
}

bool cpu_has(Isa isa) {
  int row = row_of(isa);
  return row >= 0 && (detected() & bit(row)) != 0;
}

Isa best_isa() {
  for (size_t i = kRows.size(); i-- > 0;) {
    if (cpu_has(kRows[i].isa)) return kRows[i].isa;
  }
  return Isa::scalar;
}

std::string cpu_model() {
  std::ifstream file("/proc/cpuinfo");
  std::string line;
  while (std::getline(file, line)) {
    size_t colon = line.find(": ");
    if (colon != std::string::npos && line.starts_with("model name")) return line.substr(colon + 2);
  }
  return "unknown";
}

int usable_cpus() {
  return std::max(1, cgroup_limit(affinity_cpus()));
}

int64_t cache_bytes(int level) {
  long bytes = 0;
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  if (level == 1) bytes = sysconf(_SC_LEVEL1_DCACHE_SIZE);
  if (level == 2) bytes = sysconf(_SC_LEVEL2_CACHE_SIZE);
  if (level == 3) bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
#endif
  return bytes > 0 ? bytes : sysfs_cache_bytes(level);
}

}  // namespace stretto
