"""ONNX Runtime, as it comes: its threads spin between two runs, unless told not to."""
PACKAGE, NEEDS = "onnxruntime", ["onnxruntime"]


def load(model, threads, spinning=True):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    if not spinning:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
    names = [o.name for o in session.get_outputs()]
    return lambda feeds: dict(zip(names, session.run(names, feeds)))
