"""A dictionary of the directions that several dictionaries find, each with how many found it.

Two trainings of one SAE share a part of their latents only (Paulo and Belrose 2025, arXiv 2501.16615); what
all of them find is more likely to be in the data than in the seed.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import normalize

from trainables.saes.batch_topk import BatchTopKSae
from trainables.saes.k_codes import KSae
from trainables.saes.topk import TopKSae
from trainables.settings import consensus as settings
from trainables.settings.sae import BatchTopKSaeConfig, TopKSaeConfig

CHANCE_QUANTILE = 0.99
BATCH = 256
RATE = 2e-3


class ConsensusSae(TopKSae):
    """TopK codes over rows that stay where the members' agreement put them; encoder and biases are trained.

    Members are SAEs of topk and batch_topk in turn, of seeds of their own, trained on up to 8,192 samples. A
    row of one is found again in another where its best cosine there exceeds what directions of the data's
    covariance reach in 99 of 100 cases. Rows that match are averaged; `support` (f,) is the share of the
    members that found a row. Rows come by falling support; where those found twice are fewer than f, rows of
    a single member fill up, and their support of 1/members says so.
    """

    # Rows are no matter of gradients.
    SURROGATE_GRADIENTS = frozenset({"decoder"})

    support: Tensor

    def __init__(self, config: settings.ConsensusSaeConfig, input_size: int) -> None:
        super().__init__(config, input_size)
        self.register_buffer("support", torch.zeros(config.width))
        self._config = config
        self._draw = torch.Generator()

    def initialise(self, y: Tensor, generator: torch.Generator) -> None:
        """Begin as all kinds do; the generator seeds the members later, in `fit_start`."""
        self._draw = generator
        super().initialise(y, generator)

    def fit_start(self, x: Tensor) -> None:
        """Rows and columns from the members' agreement."""
        members = [
            _member_rows(x, self._config, i, int(torch.randint(2**31, (), generator=self._draw)))
            for i in range(self._config.members)
        ]
        rows, support = agreed(members, chance_cosine(x, members, self._draw))
        # Some members may have fewer rows that fire than there are latents.
        n = min(len(rows), len(self.decoder))
        self.decoder[:n], self.support[:n] = rows[:n], support[:n]
        self.encoder.copy_(self.decoder.T)

    def project_decoder_gradient(self) -> None:
        """Take the gradient away: the rows stay where their members agreed."""
        self.decoder.grad = None

    @torch.no_grad()
    def restart(self, latents: Tensor, directions: Tensor) -> None:  # noqa: ARG002
        """A latent that died begins anew along its own row."""
        super().restart(latents, normalize(self.decoder[latents], dim=1))


def agreed(members: Sequence[Tensor], chance: float) -> tuple[Tensor, Tensor]:
    """Unit rows (m, r) that stand for the rows (f_i, r) of all members, and the share of members behind each.

    Row by row, those found in most members first and among them those of the largest mean cosine, a row takes
    the row of largest cosine above `chance` of every other member that no other took yet.
    """
    sizes = [len(rows) for rows in members]
    every, owner = torch.cat(list(members)), torch.repeat_interleave(torch.tensor(sizes))
    cosines = every @ every.T
    best = torch.stack([part.amax(dim=1) for part in cosines.split(sizes, dim=1)], dim=1)
    best[torch.arange(len(every)), owner] = 0.0
    found = best > chance
    rank = found.sum(dim=1) + (best * found).sum(dim=1) / (found.sum(dim=1) + 1)
    free = torch.ones(len(every), dtype=torch.bool)
    rows, support = [], []
    for i in rank.argsort(descending=True, stable=True).tolist():
        if free[i]:
            group = _matches(cosines[i], i, owner, free, chance)
            free[group] = False
            rows.append(normalize(every[group].sum(dim=0), dim=0))
            support.append(len(group) / len(members))
    order = torch.tensor(support).argsort(descending=True, stable=True)
    return torch.stack(rows)[order], torch.tensor(support)[order]


def _matches(cosines: Tensor, own: int, owner: Tensor, free: Tensor, chance: float) -> list[int]:
    """The row itself and its best free match in each other member."""
    group = [own]
    for member in owner.unique().tolist():
        others = torch.where((owner == member) & free, cosines, -1.0)
        match = int(others.argmax())
        if member != int(owner[own]) and float(others[match]) > chance:
            group.append(match)
    return group


def chance_cosine(x: Tensor, members: Sequence[Tensor], generator: torch.Generator) -> float:
    """The cosine that 99 of 100 directions of the data's covariance have at most with a member's nearest row,
    of the member where it is largest; x (n, r)."""
    draws = torch.randn(max(256, len(members[0])), len(x), generator=generator).to(x)
    directions = normalize(draws @ (x - x.mean(dim=0)), dim=1)
    return max(float((directions @ rows.T).amax(dim=1).quantile(CHANCE_QUANTILE)) for rows in members)


def _member_rows(x: Tensor, config: settings.ConsensusSaeConfig, number: int, seed: int) -> Tensor:
    """Rows (f', r) of one member trained on x (n, r): of the latents that fire, or of all where none does."""
    generator = torch.Generator().manual_seed(seed)
    member: KSae = (
        BatchTopKSae(BatchTopKSaeConfig(width=config.width, k=config.k), x.shape[1])
        if number % 2
        else TopKSae(TopKSaeConfig(width=config.width, k=config.k), x.shape[1])
    ).to(x)
    member.initialise(x, generator)
    with torch.enable_grad():
        _train(member, x, config, generator)
    fires = (member.first_pass(x * member.scale)[1] > 0).any(dim=0)
    return member.decoder.detach()[fires if bool(fires.any()) else slice(None)]


def _train(sae: KSae, x: Tensor, config: settings.ConsensusSaeConfig, generator: torch.Generator) -> None:
    optimiser = torch.optim.Adam(sae.parameters(), lr=RATE * config.learning_rate_scale)
    for _ in range(config.member_epochs):
        for rows in torch.randperm(len(x), generator=generator).split(BATCH):
            forward = sae(x[rows.to(x.device)] * sae.scale)
            optimiser.zero_grad()
            sae.reconstruction_loss(forward).backward()
            sae.project_decoder_gradient()
            optimiser.step()
            sae.normalise_decoder()
            sae.end_step(forward)
