// Plans to bytes and files.
#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/hash.h"
#include "plan/format.h"
#include "plan/plan.h"
#include "plan_generated.h"

namespace stretto::plan {
namespace {

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;

template <class Out, class In, class Function>
auto vector_of(FlatBufferBuilder& b, const std::vector<In>& items, Function&& make) {
  std::vector<Out> made;
  made.reserve(items.size());
  for (const In& item : items) made.push_back(make(b, item));
  return b.CreateVector(made);
}

auto dims(FlatBufferBuilder& b, const Dims& d) {
  return b.CreateVector(d.begin(), static_cast<size_t>(d.size()));
}

Offset<schema::Tensor> write_tensor(FlatBufferBuilder& b, const ProgramTensor& t) {
  const auto name = b.CreateString(t.name);
  const auto shape = dims(b, t.type.shape);
  return schema::CreateTensor(b, name, static_cast<uint8_t>(t.type.dtype), shape, static_cast<uint8_t>(t.layout),
                              static_cast<uint8_t>(t.where.place), t.where.offset, t.where.binding);
}

Offset<schema::Binding> write_binding(FlatBufferBuilder& b, const Binding& binding) {
  const auto name = b.CreateString(binding.name);
  const auto shape = dims(b, binding.type.shape);
  return schema::CreateBinding(b, name, static_cast<uint8_t>(binding.type.dtype), shape, binding.tensor);
}

Offset<schema::Step> write_step(FlatBufferBuilder& b, const Step& s) {
  const auto name = b.CreateString(s.name);
  const auto nodes = b.CreateVectorOfStrings(s.nodes);
  const auto tactic = b.CreateString(s.tactic);
  const auto config = b.CreateVector(s.config.v.data(), s.config.v.size());
  const auto problem = b.CreateString(to_string(s.problem));
  const auto inputs = b.CreateVector(s.inputs);
  return schema::CreateStep(b, name, nodes, tactic, s.tactic_version, config, problem, inputs, s.output,
                            s.weights_offset, s.weights_bytes, s.scratch_offset);
}

Offset<schema::Program> write_program(FlatBufferBuilder& b, const Program& p) {
  const auto inputs = vector_of<Offset<schema::Binding>>(b, p.inputs, write_binding);
  const auto outputs = vector_of<Offset<schema::Binding>>(b, p.outputs, write_binding);
  const auto tensors = vector_of<Offset<schema::Tensor>>(b, p.tensors, write_tensor);
  const auto steps = vector_of<Offset<schema::Step>>(b, p.steps, write_step);
  return schema::CreateProgram(b, inputs, outputs, tensors, steps, p.arena_bytes, p.worker_scratch_bytes);
}

FlatBufferBuilder write_meta(const Plan& plan) {
  FlatBufferBuilder b(1 << 16);
  const auto programs = vector_of<Offset<schema::Program>>(b, plan.programs, write_program);
  const auto preprocess = b.CreateString(plan.preprocess.spec);
  const Report& r = plan.report;
  const auto model = b.CreateString(r.model), sha = b.CreateString(r.model_sha256);
  const auto precision = b.CreateString(r.precision), device = b.CreateString(r.device);
  const auto details = b.CreateString(r.details);
  const auto report = schema::CreateReport(b, model, sha, precision, device, r.threads, details);
  b.Finish(schema::CreateMeta(b, programs, preprocess, report, static_cast<uint8_t>(plan.device), plan.compute));
  return b;
}

FlatBufferBuilder write_times(const Times& times) {
  FlatBufferBuilder b(1 << 12);
  std::vector<Offset<schema::ProgramTimes>> programs;
  for (size_t i = 0; i < std::max(times.step_ms.size(), times.total_ms.size()); ++i) {
    const auto steps = b.CreateVector(i < times.step_ms.size() ? times.step_ms[i] : std::vector<float>());
    programs.push_back(schema::CreateProgramTimes(b, i < times.total_ms.size() ? times.total_ms[i] : 0.f, steps));
  }
  const auto machine = b.CreateString(times.machine);
  const auto list = b.CreateVector(programs);
  b.Finish(schema::CreateTimes(b, machine, list));
  return b;
}

/// Everything but the weights, which are written from where they are.
struct Parts {
  std::vector<std::byte> front;  // header, description, zeros
  std::vector<std::byte> back;   // zeros, times
};

void append(std::vector<std::byte>& to, const void* data, size_t bytes) {
  const size_t end = to.size();
  to.resize(end + bytes);
  if (bytes > 0) std::memcpy(to.data() + end, data, bytes);
}

Parts parts_of(const Plan& plan) {
  const FlatBufferBuilder meta = write_meta(plan), times = write_times(plan.times);
  Header h{};
  std::memcpy(h.magic, kMagic, sizeof(kMagic));
  h.version = kFormatVersion;
  h.required_isa = static_cast<uint32_t>(plan.required_isa);
  h.meta_bytes = meta.GetSize();
  h.weights_bytes = plan.weights.size();
  h.weights_offset = round_up(sizeof(Header) + h.meta_bytes, kWeightsAlignment);
  h.meta_checksum = hash64(meta.GetBufferPointer(), meta.GetSize());
  h.weights_checksum = hash64(plan.weights.data(), plan.weights.size());
  h.header_checksum = hash64(&h, offsetof(Header, header_checksum));

  Parts parts;
  append(parts.front, &h, sizeof(h));
  append(parts.front, meta.GetBufferPointer(), meta.GetSize());
  parts.front.resize(h.weights_offset);
  const uint64_t end = h.weights_offset + h.weights_bytes;
  parts.back.resize(round_up(end, kTimesAlignment) - end);
  const TimesHeader t{times.GetSize(), hash64(times.GetBufferPointer(), times.GetSize())};
  append(parts.back, &t, sizeof(t));
  append(parts.back, times.GetBufferPointer(), times.GetSize());
  return parts;
}

}  // namespace

std::vector<std::byte> serialize(const Plan& plan) {
  Parts parts = parts_of(plan);
  std::vector<std::byte> bytes = std::move(parts.front);
  bytes.reserve(bytes.size() + plan.weights.size() + parts.back.size());
  append(bytes, plan.weights.data(), plan.weights.size());
  append(bytes, parts.back.data(), parts.back.size());
  return bytes;
}

Status save(const Plan& plan, const std::string& path) {
  STRETTO_TRY(verify(plan));
  std::string target = path;
  std::error_code error;
  if (std::filesystem::exists(path, error)) {
    if (!std::filesystem::is_regular_file(path, error)) {
      return bad_usage("the plan cannot be written to '" + path + "': that is not a file; choose a file's path");
    }
    const auto real = std::filesystem::canonical(path, error);  // a link keeps pointing to what it names
    if (!error) target = real.string();
  }
  const Parts parts = parts_of(plan);
  const std::span<const std::byte> pieces[] = {parts.front, plan.weights, parts.back};
  return write_file_whole(target, pieces);
}

}  // namespace stretto::plan
