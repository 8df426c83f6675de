// Compiled kernels of kinechain. Each has a readable twin in Python beside its caller.
#include <nanobind/nanobind.h>

NB_MODULE(_kernels, m) { m.doc() = "Compiled kernels of kinechain; each has a Python twin beside its caller."; }
