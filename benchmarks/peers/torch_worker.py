#!/usr/bin/env python3
"""PyTorch as a benchmark worker; --compile uses torch.compile, --export writes ONNX files and stops."""
import os
import sys

import worker

args = worker.options(compile=dict(action="store_true"), export=dict(metavar="FOLDER"))
import numpy as np  # noqa: E402
import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

torch.set_num_threads(args.threads)


class Recurrent(nn.Module):
    def __init__(self, cls, width, units, layers, embedding=False):
        super().__init__()
        self.embedding = nn.Embedding(10000, width) if embedding else None
        self.cells = cls(width, units, num_layers=layers, batch_first=True)
        self.last = nn.Linear(units, 1)

    def forward(self, x):
        x = x if self.embedding is None else self.embedding(x)
        y = self.last(self.cells(x)[0][:, -1])
        return y if self.embedding is None else torch.sigmoid(y)


class Residual(nn.Module):
    def __init__(self):
        super().__init__()
        self.a, self.b = (nn.Conv2d(64, 64, 3, padding=1, bias=False) for _ in range(2))
        self.m, self.n, self.last = nn.BatchNorm2d(64), nn.BatchNorm2d(64), nn.Linear(64, 10)

    def forward(self, x):
        h = self.n(self.b(F.relu(self.m(self.a(x)))))
        return self.last(F.relu(h + x).mean((2, 3)))


class Depthwise(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Conv2d(128, 128, 3, padding=1, groups=128, bias=False)
        self.b = nn.Conv2d(128, 128, 1, bias=False)
        self.m, self.n, self.last = nn.BatchNorm2d(128), nn.BatchNorm2d(128), nn.Linear(128, 10)

    def forward(self, x):
        h = self.n(self.b(F.relu6(self.m(self.a(x)))))
        return self.last(F.relu6(h).mean((2, 3)))


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.l, self.k = nn.LayerNorm(256), nn.LayerNorm(256)
        self.qkv, self.o = nn.Linear(256, 768), nn.Linear(256, 256)
        self.u, self.v, self.last = nn.Linear(256, 1024), nn.Linear(1024, 256), nn.Linear(256, 10)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(self.l(x)).view(b, t, 3, 4, 64).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, t, d)
        x = x + self.o(a)
        return self.last((x + self.v(F.gelu(self.u(self.k(x))))).mean(1))


class Towers(nn.Module):
    def __init__(self):
        super().__init__()
        self.t, self.h = nn.Linear(64, 64), nn.Linear(128, 64)
        self.a, self.b = nn.Linear(64, 1), nn.Linear(64, 5)

    def forward(self, x, y):
        h = F.relu(self.h(torch.cat([F.relu(self.t(x)), F.relu(self.t(y))], 1)))
        return torch.sigmoid(self.a(h)), self.b(h)


def dense(*sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def cnn():
    return nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3),
                         nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(0.5),
                         nn.Linear(1600, 10))


NETWORKS = {
    "W1": lambda: dense(4, 16, 16, 3), "W2": lambda: dense(784, 128, 10),
    "W3": lambda: Recurrent(nn.LSTM, 1, 50, 2), "W4": cnn, "W5": Residual, "W6": Depthwise,
    "W7": Encoder, "W8": lambda: Recurrent(nn.GRU, 64, 64, 1, embedding=True),
    "W9": lambda: dense(1024, 1024, 1024, 1024), "W10": Towers,
}
models = {}


def build(w):
    if w not in NETWORKS:
        raise KeyError(f"{w} has no counterpart here")
    images = len(worker.SHAPES[w]) == 3
    model = NETWORKS[w]()
    return model.to(memory_format=torch.channels_last) if images else model


def tensors(w, batch):
    x, y = worker.data(w, batch)
    x = [torch.from_numpy(np.ascontiguousarray(v)) for v in x]
    if len(worker.SHAPES[w]) == 3:
        x = [v.permute(0, 3, 1, 2).to(memory_format=torch.channels_last) for v in x]
    y = [torch.from_numpy(v) for v in y]
    return x, [v.long() if v.dtype == torch.int32 else v for v in y]


def loss_of(w, out, y):
    if w == "W10":
        return F.binary_cross_entropy(out[0], y[0]) + 0.5 * F.cross_entropy(out[1], y[1])
    if w in worker.CLASSES:
        return F.cross_entropy(out, y[0])
    return F.binary_cross_entropy(out, y[0]) if w == "W8" else F.mse_loss(out, y[0])


def prepare(w, mode):
    if w not in models:
        m = build(w)
        adam = torch.optim.Adam(m.parameters(), lr=1e-3, eps=1e-7, fused=True)
        models[w] = (torch.compile(m) if args.compile else m), adam
    (model, adam), (x, y) = models[w], tensors(w, worker.batch_of(w, mode))

    def train():
        model.train()
        adam.zero_grad(set_to_none=True)
        loss = loss_of(w, model(*x), y)
        loss.backward()
        adam.step()
        return loss.item()

    def infer():
        model.eval()
        with torch.inference_mode():
            return model(*x)

    return train if mode == "train" else infer


def export(folder):
    os.makedirs(folder, exist_ok=True)
    for w in NETWORKS:
        x, _ = tensors(w, worker.BATCHES[w])
        names = [f"x{k}" for k in range(len(x))]
        axes = {n: {0: "n"} for n in names}
        torch.onnx.export(build(w).eval(), tuple(x), f"{folder}/{w}.onnx", input_names=names,
                          dynamo=False, dynamic_axes=axes)


if args.export:
    sys.exit(export(args.export))
worker.serve(prepare)
