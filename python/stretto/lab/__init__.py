"""stretto-lab: the thesis's experiments on this machine, beside other engines, and one page of what was found.

    stretto-lab list
    stretto-lab run resnet50-batch --quick --out results/      measures; what is there already is not measured again
    stretto-lab report results/                                writes results/index.html

Engines, networks and the way of measuring are those of `bench/`, which a wheel carries as well (`places`).
"""
