// Weights kept beside the model: files named by the model, read from its own folder and from nowhere else.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>

#include "base/status.h"
#include "base/tensor.h"
#include "onnx.pb.h"

namespace stretto::onnx {

class ExternalFiles {
 public:
  explicit ExternalFiles(const std::string& base_dir);
  ~ExternalFiles();
  ExternalFiles(const ExternalFiles&) = delete;
  ExternalFiles& operator=(const ExternalFiles&) = delete;

  /// The tensor's bytes. Refuses locations outside the base folder (absolute, "..", through a link) and ranges outside
  /// the file.
  Result<Tensor> read(const ::onnx::TensorProto& proto, const TensorType& type);

 private:
  struct File {
    int descriptor = -1;
    int64_t bytes = 0;
  };
  Result<File> open(const std::string& location);

  std::filesystem::path base_dir_;
  std::map<std::string, File> open_files_;
};

}  // namespace stretto::onnx
