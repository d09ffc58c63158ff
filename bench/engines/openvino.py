"""OpenVINO, held to float32: by itself it computes in bf16 where the processor can."""
PACKAGE, NEEDS = "openvino", ["openvino"]


def load(model, threads):
    import openvino
    core = openvino.Core()
    compiled = core.compile_model(core.read_model(str(model)), "CPU", {
        "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    outputs = [(o.get_any_name(), request.get_tensor(o)) for o in compiled.outputs]

    def run(feeds):
        for name, array in feeds.items():
            request.set_tensor(name, openvino.Tensor(array, shared_memory=True))
        request.infer()
        return {name: tensor.data for name, tensor in outputs}

    return run
