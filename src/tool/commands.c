/* The table of commands: help, completions and the reading of options all come from it. */
#include "tool/tool.h"

#define FILE_OPTIONS "weights set seed threads "
#define RUN_OPTIONS FILE_OPTIONS "fast "
#define ROW_OPTIONS "data target batch-size "

const tool_command tool_commands[] = {
    {.name = "train",
     .operands = "MODEL_OR_EXPERIMENT",
     .min_operands = 1,
     .max_operands = 1,
     .does = "trains a model and saves it",
     .examples = "antler train examples/digits.yaml\n"
                 "antler train digits.yaml --epochs 50 --optimizer 'Adam(0.01)' --log digits.csv\n"
                 "antler train model.safetensors --data new.csv --output better.safetensors\n",
     .options = RUN_OPTIONS ROW_OPTIONS
     "validation-data validation-split epochs no-shuffle optimizer learning-rate loss metrics "
     "class-weight log checkpoint resume dry-run output progress",
     .run = tool_train},
    {.name = "evaluate",
     .operands = "MODEL_OR_EXPERIMENT",
     .min_operands = 1,
     .max_operands = 1,
     .does = "prints loss and metrics on data, or on an experiment's own test rows",
     .examples = "antler evaluate examples/digits.yaml\n"
                 "antler evaluate digits.safetensors --data test.csv --confusion\n",
     .options = RUN_OPTIONS ROW_OPTIONS "loss metrics log confusion json",
     .run = tool_evaluate},
    {.name = "predict",
     .operands = "MODEL --input IN",
     .min_operands = 1,
     .max_operands = 1,
     .does = "writes predictions as csv, npy or npz",
     .examples = "antler predict digits.safetensors --input new.csv\n"
                 "antler predict model.safetensors --input x.npy --output y.npy\n",
     .options = RUN_OPTIONS "input output batch-size layer",
     .run = tool_predict},
    {.name = "summary",
     .operands = "MODEL",
     .min_operands = 1,
     .max_operands = 1,
     .does = "prints layers, output shapes and parameters",
     .examples = "antler summary examples/weather.yaml\n",
     .options = FILE_OPTIONS "columns json",
     .run = tool_summary},
    {.name = "plot",
     .operands = "MODEL --output FILE",
     .min_operands = 0,
     .max_operands = 1,
     .does = "draws a model (.dot, .svg, .png), or learning curves (.svg)",
     .examples = "antler plot examples/weather.yaml --output weather.svg\n"
                 "antler plot --history digits.csv --output curves.svg\n",
     .options = FILE_OPTIONS "output history",
     .run = tool_plot},
    {.name = "profile",
     .operands = "MODEL",
     .min_operands = 1,
     .max_operands = 1,
     .does = "prints the instructions of a prediction, or of a training step, with their times",
     .examples = "antler profile digits.safetensors --batch-size 128\n"
                 "antler profile examples/digits.yaml --train --threads 1\n",
     .options = RUN_OPTIONS "train batch-size json",
     .run = tool_profile},
    {.name = "convert",
     .operands = "IN OUT",
     .min_operands = 2,
     .max_operands = 2,
     .does = "writes a model in the format of OUT's ending",
     .examples = "antler convert digits.safetensors digits.yaml\n"
                 "antler convert digits.safetensors digits.keras\n",
     .options = FILE_OPTIONS,
     .run = tool_convert},
    {.name = "info",
     .operands = "[FILE]",
     .min_operands = 0,
     .max_operands = 1,
     .does = "tells about this build and processor, or what a file is",
     .examples = "antler info\nantler info digits.safetensors\n",
     .options = "threads json",
     .run = tool_info},
    {.name = NULL},
};
