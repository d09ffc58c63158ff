"""What the thesis states in numbers (chapter 3), to stand beside what is measured here."""

# Table 3.1: (size in MB, top-1 error on Dogs vs Cats in %, on ImageNet in %).
TABLE_3_1 = {
    "alexnet": (244.4, 28.11, 43.45),
    "resnet50": (102.5, 13.07, 23.85),
    "squeezenet1_1": (5.0, 26.28, 41.81),
    "mobilenet_v2": (14.2, 15.2, 28.12),
    "shufflenet_v2": (5.6, 28.22, 30.64),
}

# What its text says of a figure's curves.
STATED = {
    "retinanet-size": "PyTorch on the GPU was faster than TensorRT 5 for small pictures, TensorRT for large ones; INT8 cost "
                      "no accuracy (less than 0.2 %).",
    "unet-size": "PyTorch on the CPU was 15 times slower than on the GPU; TensorRT 1.5 times faster than PyTorch on the "
                 "GPU, twice that in INT8, which lost much accuracy.",
    "resnet50-batch": "TensorRT was 100 times faster than PyTorch on the CPU and twice as fast as PyTorch on the same GPU; "
                      "INT8 four times, with the same accuracy (86.93 % on Dogs vs Cats).",
    "embedded": "On a Jetson Nano TensorRT was 1.5 times faster than PyTorch, half precision 1.6 times faster still, "
                "without loss.",
    "networks": "ResNet-50 was the most accurate and the slowest; ShuffleNet V2 the fastest with TensorRT and on ARM.",
}
