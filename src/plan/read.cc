// Bytes and files to plans. Nothing here trusts a number before it has been checked.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "base/hash.h"
#include "plan/format.h"
#include "plan/plan.h"
#include "plan/quote.h"
#include "plan_generated.h"

namespace stretto::plan {
namespace {

Status damaged(const std::string& what) {
  return bad_input("damaged: " + what + "; copy the plan again, or rebuild it");
}

/// Copies out of a FlatBuffer that its own verifier has passed. A file may let many tables share their strings and
/// lists; ours do not, so that what is copied can be held to the size of what is read.
class MetaReader {
 public:
  explicit MetaReader(uint64_t budget) : budget_(budget) {}

  Status read(const schema::Meta& meta, Plan& plan) {
    STRETTO_TRY(each(meta.programs(), plan.programs, &MetaReader::read_program));
    STRETTO_TRY(text(meta.preprocess(), plan.preprocess.spec));
    const schema::Report* r = meta.report();
    if (r == nullptr) return damaged("it has no report");
    Report& report = plan.report;
    STRETTO_TRY(text(r->model(), report.model));
    STRETTO_TRY(text(r->model_sha256(), report.model_sha256));
    STRETTO_TRY(text(r->precision(), report.precision));
    STRETTO_TRY(text(r->device(), report.device));
    STRETTO_TRY(text(r->details(), report.details));
    report.threads = r->threads();
    plan.device = static_cast<Device>(meta.device());
    plan.compute = meta.compute();
    return {};
  }

  Status read(const schema::Times& times, Times& out) {
    STRETTO_TRY(text(times.machine(), out.machine));
    if (times.programs() == nullptr) return {};
    STRETTO_TRY(spend(times.programs()->size() * sizeof(uint64_t)));
    for (const schema::ProgramTimes* t : *times.programs()) {
      out.total_ms.push_back(t->total_ms());
      STRETTO_TRY(numbers(t->step_ms(), out.step_ms.emplace_back()));
    }
    return {};
  }

 private:
  Status spend(uint64_t bytes) {
    if (bytes > budget_) return damaged("its tables share their contents");
    budget_ -= bytes;
    return {};
  }

  Status text(const flatbuffers::String* s, std::string& out) {
    if (s == nullptr) return {};
    STRETTO_TRY(spend(s->size()));
    out.assign(s->c_str(), s->size());
    return {};
  }

  template <class T>
  Status numbers(const flatbuffers::Vector<T>* v, std::vector<T>& out) {
    if (v == nullptr) return {};
    STRETTO_TRY(spend(v->size() * sizeof(T)));
    for (T value : *v) out.push_back(value);
    return {};
  }

  template <class Table, class Out>
  Status each(const flatbuffers::Vector<flatbuffers::Offset<Table>>* v, std::vector<Out>& out,
              Status (MetaReader::*read_one)(const Table&, Out&)) {
    if (v == nullptr) return {};
    STRETTO_TRY(spend(v->size() * kLeastTableBytes));
    out.reserve(v->size());
    for (const Table* table : *v) STRETTO_TRY((this->*read_one)(*table, out.emplace_back()));
    return {};
  }

  Status type(uint8_t dtype, const flatbuffers::Vector<int64_t>* shape, TensorType& out) {
    if (!is_valid_dtype(dtype)) return damaged("an element type is unknown");
    out.dtype = static_cast<DType>(dtype);
    if (shape == nullptr) return {};
    if (shape->size() > static_cast<uint32_t>(kMaxRank)) return damaged("a shape has too many axes");
    STRETTO_TRY(spend(shape->size() * sizeof(int64_t)));
    for (uint32_t i = 0; i < shape->size(); ++i) {
      int64_t d;  // FlatBuffers' verifier holds lists of 8-byte numbers to 4-byte alignment only
      std::memcpy(&d, shape->Data() + i * sizeof(d), sizeof(d));
      out.shape.push_back(flatbuffers::EndianScalar(d));
    }
    return {};
  }

  Status read_binding(const schema::Binding& b, Binding& out) {
    STRETTO_TRY(text(b.name(), out.name));
    STRETTO_TRY(type(b.dtype(), b.shape(), out.type));
    out.tensor = b.tensor();
    return {};
  }

  Status read_tensor(const schema::Tensor& t, ProgramTensor& out) {
    STRETTO_TRY(text(t.name(), out.name));
    STRETTO_TRY(type(t.dtype(), t.shape(), out.type));
    out.layout = static_cast<Layout>(t.layout());
    out.where = {static_cast<Place>(t.place()), t.offset(), t.binding()};
    return {};
  }

  Status read_step(const schema::Step& s, Step& out) {
    STRETTO_TRY(text(s.name(), out.name));
    if (s.nodes() != nullptr) {
      STRETTO_TRY(spend(s.nodes()->size() * sizeof(uint64_t)));  // an offset and a length
      for (const flatbuffers::String* node : *s.nodes()) STRETTO_TRY(text(node, out.nodes.emplace_back()));
    }
    STRETTO_TRY(text(s.tactic(), out.tactic));
    out.tactic_version = s.tactic_version();
    if (s.config() == nullptr || s.config()->size() != out.config.v.size()) {
      return damaged("the configuration of step " + quote(out.name) + " is not there");
    }
    std::copy(s.config()->begin(), s.config()->end(), out.config.v.begin());
    std::string problem;
    STRETTO_TRY(text(s.problem(), problem));
    auto parsed = problem_from_string(problem);
    if (!parsed.ok()) {
      return Status(parsed.status().code(), "step " + quote(out.name) + ": " + one_line(parsed.status().message()));
    }
    out.problem = std::move(parsed).value();
    STRETTO_TRY(numbers(s.inputs(), out.inputs));
    out.output = s.output();
    out.weights_offset = s.weights_offset();
    out.weights_bytes = s.weights_bytes();
    out.scratch_offset = s.scratch_offset();
    return {};
  }

  Status read_program(const schema::Program& p, Program& out) {
    STRETTO_TRY(each(p.inputs(), out.inputs, &MetaReader::read_binding));
    STRETTO_TRY(each(p.outputs(), out.outputs, &MetaReader::read_binding));
    STRETTO_TRY(each(p.tensors(), out.tensors, &MetaReader::read_tensor));
    STRETTO_TRY(each(p.steps(), out.steps, &MetaReader::read_step));
    out.arena_bytes = p.arena_bytes();
    out.worker_scratch_bytes = p.worker_scratch_bytes();
    return {};
  }

  /// A table of ours and the offset to it take no less.
  static constexpr uint64_t kLeastTableBytes = 16;

  uint64_t budget_;
};

/// Where the segments stand, after every size in the header has been checked against the bytes there are.
struct Layers {
  Header header{};
  std::span<const std::byte> meta, weights, times;
};

bool all_zero(std::span<const std::byte> bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

std::string size_mismatch(uint64_t there, uint64_t said) {
  return "it has " + std::to_string(there) + " bytes where its header says " + std::to_string(said);
}

Result<Header> read_header(std::span<const std::byte> bytes) {
  if (bytes.size() < sizeof(kMagic) || std::memcmp(bytes.data(), kMagic, sizeof(kMagic)) != 0) {
    return bad_input("not a plan of Stretto (it does not begin as one); name a file that 'stretto build' wrote");
  }
  if (bytes.size() < sizeof(Header)) return damaged("it ends inside its header");
  Header h;
  std::memcpy(&h, bytes.data(), sizeof(h));
  if (h.version != kFormatVersion) {
    return failed("the plan has format " + std::to_string(h.version) + ", this program reads format " +
                  std::to_string(kFormatVersion) + "; rebuild it with this version");
  }
  if (h.header_checksum != hash64(&h, offsetof(Header, header_checksum))) {
    return damaged("the checksum of its header differs");
  }
  return h;
}

Result<Layers> split(std::span<const std::byte> bytes) {
  Layers layers;
  STRETTO_ASSIGN(layers.header, read_header(bytes));
  const Header& h = layers.header;
  if (h.meta_bytes > kMaxMetaBytes || h.weights_bytes > kMaxWeightsBytes ||
      h.weights_offset != round_up(sizeof(Header) + h.meta_bytes, kWeightsAlignment)) {
    return damaged("the sizes in its header are out of range");
  }
  const uint64_t meta_end = sizeof(Header) + h.meta_bytes, weights_end = h.weights_offset + h.weights_bytes;
  const uint64_t times_begin = round_up(weights_end, kTimesAlignment), times_data = times_begin + sizeof(TimesHeader);
  if (bytes.size() < times_data) return damaged(size_mismatch(bytes.size(), times_data) + " at least");
  TimesHeader t;
  std::memcpy(&t, bytes.data() + times_begin, sizeof(t));
  if (t.bytes > kMaxMetaBytes) return damaged("the size of its times is out of range");
  if (bytes.size() != times_data + t.bytes) return damaged(size_mismatch(bytes.size(), times_data + t.bytes));

  layers.meta = bytes.subspan(sizeof(Header), h.meta_bytes);
  layers.weights = bytes.subspan(h.weights_offset, h.weights_bytes);
  layers.times = bytes.subspan(times_data);
  if (hash64(layers.meta.data(), layers.meta.size()) != h.meta_checksum) {
    return damaged("the checksum of its description differs");
  }
  if (hash64(layers.times.data(), layers.times.size()) != t.checksum) {
    return damaged("the checksum of its times differs");
  }
  if (!all_zero(bytes.subspan(meta_end, h.weights_offset - meta_end)) ||
      !all_zero(bytes.subspan(weights_end, times_begin - weights_end))) {
    return damaged("there is something between its segments");
  }
  return layers;
}

/// The root of a FlatBuffer whose every offset has been checked; null if one is wrong.
template <class Table>
const Table* root_of(std::span<const std::byte> bytes) {
  constexpr flatbuffers::uoffset_t kMaxDepth = 8, kMaxTables = 8u << 20;
  if (bytes.size() < 8) return nullptr;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  flatbuffers::Verifier verifier(data, bytes.size(), kMaxDepth, kMaxTables);
  return verifier.VerifyBuffer<Table>(nullptr) ? flatbuffers::GetRoot<Table>(data) : nullptr;
}

struct AlignedCopy {
  std::shared_ptr<const void> owner;
  std::span<const std::byte> bytes;
};

Result<AlignedCopy> copy_aligned(std::span<const std::byte> bytes) {
  void* memory = std::aligned_alloc(64, round_up(bytes.size(), 64));
  if (memory == nullptr) return failed("no memory for a copy of " + std::to_string(bytes.size()) + " bytes");
  std::memcpy(memory, bytes.data(), bytes.size());
  return AlignedCopy{std::shared_ptr<const void>(memory, [](const void* p) { std::free(const_cast<void*>(p)); }),
                     {static_cast<const std::byte*>(memory), bytes.size()}};
}

/// A mapped file; unmapped when the last owner goes.
Result<AlignedCopy> map_file(const std::string& path) {
  const auto cannot = [](const std::string& why) { return bad_input("cannot be read (" + why + "); check the path"); };
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return cannot(std::strerror(errno));
  struct stat info {};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    return cannot("not a file");
  }
  const auto bytes = static_cast<size_t>(info.st_size);
  if (bytes == 0) {
    close(fd);
    return bad_input("the file is empty; name a file that 'stretto build' wrote");
  }
  void* mapped = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  const int error = errno;
  close(fd);
  if (mapped == MAP_FAILED) return cannot(std::strerror(error));
  return AlignedCopy{
      std::shared_ptr<const void>(mapped, [bytes](const void* p) { munmap(const_cast<void*>(p), bytes); }),
      {static_cast<const std::byte*>(mapped), bytes}};
}

}  // namespace

Result<Plan> parse(std::span<const std::byte> bytes, std::shared_ptr<const void> owner, const ReadOptions& options) {
  if (!bytes.empty() && reinterpret_cast<uintptr_t>(bytes.data()) % 64 != 0) {
    STRETTO_TRY(read_header(bytes).status());
    STRETTO_ASSIGN(AlignedCopy copy, copy_aligned(bytes));
    return parse(copy.bytes, std::move(copy.owner), options);
  }
  STRETTO_ASSIGN(const Layers layers, split(bytes));
  if (options.check_weights && hash64(layers.weights.data(), layers.weights.size()) != layers.header.weights_checksum) {
    return damaged("the checksum of its weights differs");
  }
  if (layers.header.required_isa > 0xff) return damaged("it needs an unknown instruction set");
  const auto* meta = root_of<schema::Meta>(layers.meta);
  if (meta == nullptr) return damaged("its description is not one");
  const auto* times = root_of<schema::Times>(layers.times);
  if (times == nullptr) return damaged("its times are not readable");

  Plan plan;
  plan.required_isa = static_cast<Isa>(layers.header.required_isa);
  STRETTO_TRY(MetaReader(layers.meta.size()).read(*meta, plan));
  STRETTO_TRY(MetaReader(layers.times.size()).read(*times, plan.times));
  plan.weights = layers.weights;
  plan.keep_alive = std::move(owner);
  STRETTO_TRY(verify(plan));
  return plan;
}

Result<Plan> load(const std::string& path, const ReadOptions& options) {
  const std::string place = "plan " + quote(path);
  auto file = map_file(path);
  if (!file.ok()) return file.status().in(place);
  auto plan = parse(file->bytes, file->owner, options);
  if (!plan.ok()) return plan.status().in(place);
  return plan;
}

}  // namespace stretto::plan
