"""What an ONNX model takes and gives, kept in a small file beside it so that asking again costs nothing."""
import json
import pathlib


def graph_io(model):
    """([(input, shape)], [(output, shape)]), in the model's order; weights that are listed as inputs are not inputs."""
    kept = pathlib.Path(model).with_suffix(".io.json")
    if not kept.exists():
        import onnx
        graph = onnx.load(str(model), load_external_data=False).graph
        weights = {i.name for i in graph.initializer}
        shape = lambda value: [d.dim_value for d in value.type.tensor_type.shape.dim]
        kept.write_text(json.dumps([[(v.name, shape(v)) for v in graph.input if v.name not in weights],
                                    [(v.name, shape(v)) for v in graph.output]]))
    return json.loads(kept.read_text())
