// A plug-in of another time: its table has another number.
#include "device/cuda_plugin.h"

extern "C" __attribute__((visibility("default"))) const StrettoDeviceTable* stretto_device_v1(void) {
  static const StrettoDeviceTable table = [] {
    StrettoDeviceTable t{};
    t.abi = STRETTO_CUDA_ABI + 1;
    return t;
  }();
  return &table;
}
