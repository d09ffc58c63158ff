#include "runtime/async_queue.h"

#include "runtime/throw.h"

namespace stretto {

AsyncQueue::AsyncQueue(Executor& executor) : executor_(executor), thread_([this] { work(); }) {}

AsyncQueue::~AsyncQueue() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

std::shared_ptr<Pending::Impl> AsyncQueue::submit(std::span<const void* const> inputs, std::span<void* const> outputs) {
  auto pending = std::make_shared<Pending::Impl>();
  {
    std::lock_guard lock(mutex_);
    Job job;
    if (!spare_.empty()) {
      job = std::move(spare_.back());
      spare_.pop_back();
    }
    job.inputs.assign(inputs.begin(), inputs.end());
    job.outputs.assign(outputs.begin(), outputs.end());
    job.pending = pending;
    jobs_.push_back(std::move(job));
  }
  changed_.notify_all();
  return pending;
}

void AsyncQueue::wait_until_idle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return jobs_.empty(); });
}

void AsyncQueue::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return stop_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    Job& job = jobs_.front();  // stays in place: others only add behind it
    lock.unlock();
    executor_.run(job.inputs, job.outputs);
    const Status failure = executor_.failure();
    lock.lock();
    const std::shared_ptr<Pending::Impl> pending = std::move(job.pending);
    pending->failure = failure;
    spare_.push_back(std::move(job));
    jobs_.pop_front();
    pending->done.store(true, std::memory_order_release);
    pending->done.notify_all();
    if (jobs_.empty()) changed_.notify_all();
  }
}

void Pending::wait() const {
  impl_->done.wait(false, std::memory_order_acquire);
  throw_if_failed(impl_->failure);
}

bool Pending::done() const {
  return impl_->done.load(std::memory_order_acquire);
}

}  // namespace stretto
