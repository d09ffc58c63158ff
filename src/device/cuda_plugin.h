/* The interface of libstretto_cuda.so, in C: what crosses between the program and the plug-in, and nothing else.
 *
 * The plug-in exports one function, stretto_device_v1. Its table is refused when `abi` is another number than
 * STRETTO_CUDA_ABI. Nothing is thrown across; strings are zero-terminated and the callee's copies of what it needs;
 * problems cross as their canonical text (tactics/problem.h). Functions that return int32_t return 0 when done, else
 * write one line of reason to `why`. Functions of one StrettoGpu are not for two threads at once; all others are. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define STRETTO_CUDA_ABI 1
#define STRETTO_CUDA_ENTRY "stretto_device_v1"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct StrettoText {
  char text[512];
} StrettoText;

/* What a GPU is. */
typedef struct StrettoGpuInfo {
  char name[256];
  int32_t compute; /* compute capability times ten: 90 */
  int32_t multiprocessors;
  int32_t clock_mhz;       /* the highest of the multiprocessors */
  int32_t driver, runtime; /* CUDA versions as CUDA counts them: 13000 is 13.0 */
  uint64_t memory_bytes, l2_bytes;
  double memory_gb_per_s; /* by bus width and clock */
} StrettoGpuInfo;

/* One tactic: tactics/tactic.h says what its functions owe. */
typedef struct StrettoRow {
  const char* name;
  uint32_t version;
  int32_t numerics; /* of stretto::Numerics */
  int32_t compute;  /* the least compute capability, times ten */
  int32_t half_weights, tf32;
} StrettoRow;

typedef struct StrettoBooking {
  uint64_t weights_bytes, scratch_bytes;
} StrettoBooking;

typedef struct StrettoConfig {
  int32_t v[4];
} StrettoConfig;

/* A step to record; pointers are the GPU's. `src` in the problem's order of inputs. */
typedef struct StrettoStep {
  uint32_t row;
  const char* problem;
  StrettoConfig config;
  const void* const* src;
  void* dst;
  const void* weights;
  void* scratch;
} StrettoStep;

typedef struct StrettoGpu StrettoGpu;     /* a GPU with a stream of its own */
typedef struct StrettoGraph StrettoGraph; /* recorded steps */

typedef struct StrettoDeviceTable {
  uint32_t abi;
  uint32_t row_count;
  const StrettoRow* rows; /* in order of preference */

  /* GPUs there are; none, and why, where there is no driver. */
  int32_t (*count)(int32_t* number, StrettoText* why);
  int32_t (*describe)(int32_t number, StrettoGpuInfo* info, StrettoText* why);

  /* Rows, without a GPU. A text that is no valid problem, or a row that is not there, counts as refused. */
  int32_t (*supports)(uint32_t row, const char* problem); /* of stretto::Refusal */
  /* Writes at most `room` of them; returns how many there are. */
  int32_t (*configs)(uint32_t row, const char* problem, StrettoConfig* configs, int32_t room);
  double (*estimate)(uint32_t row, const char* problem, const StrettoConfig* config);
  int32_t (*book)(uint32_t row, const char* problem, const StrettoConfig* config, StrettoBooking* booking);
  /* `constants` in operand order, dense; writes what was booked. */
  int32_t (*pack)(uint32_t row, const char* problem, const StrettoConfig* config, const void* const* constants,
                  void* weights);

  int32_t (*open)(int32_t number, StrettoGpu** gpu, StrettoText* why);
  void (*close)(StrettoGpu* gpu);
  int32_t (*allocate)(StrettoGpu* gpu, uint64_t bytes, void** memory, StrettoText* why);
  void (*release)(StrettoGpu* gpu, void* memory);
  /* Memory of the host that the GPU copies from and to by itself. */
  int32_t (*allocate_host)(StrettoGpu* gpu, uint64_t bytes, void** memory, StrettoText* why);
  void (*release_host)(StrettoGpu* gpu, void* memory);

  /* In the stream's order, without waiting for it. */
  int32_t (*copy)(StrettoGpu* gpu, void* to, const void* from, uint64_t bytes, StrettoText* why);
  int32_t (*fill)(StrettoGpu* gpu, void* memory, int32_t byte, uint64_t bytes, StrettoText* why);
  int32_t (*launch)(StrettoGpu* gpu, StrettoGraph* graph, StrettoText* why);
  /* Waits for everything before. */
  int32_t (*finish)(StrettoGpu* gpu, StrettoText* why);
  /* Launches `times` times in a row and waits; the mean seconds of one, by the GPU's clock. */
  int32_t (*time)(StrettoGpu* gpu, StrettoGraph* graph, int32_t times, double* seconds, StrettoText* why);

  /* The steps, one after the other, as one graph. Fails when a row refuses its problem or config. */
  int32_t (*record)(StrettoGpu* gpu, const StrettoStep* steps, uint32_t count, StrettoGraph** graph, StrettoText* why);
  void (*forget)(StrettoGpu* gpu, StrettoGraph* graph);
} StrettoDeviceTable;

typedef const StrettoDeviceTable* (*StrettoDeviceEntry)(void);

#ifdef __cplusplus
}
#endif
