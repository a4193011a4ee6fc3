"""One latent as a notebook shows it: the gallery's page of it, in the cell."""

from __future__ import annotations

from markupsafe import escape

from analysis.features.feature import FeatureDetail, FeatureTable
from analysis.gallery_parts.feature_view import feature_view
from analysis.pages.page import data_uri, render

HEIGHT = 900


class InlineFeature:
    """What is known of a latent: `table` of all of them, `detail` of this one, and `sentence` about it.

    The last value of a cell is shown as the page that `analysis/gallery.py` makes of it.
    """

    def __init__(self, name: str, table: FeatureTable, detail: FeatureDetail) -> None:
        self._name = name
        self.table = table
        self.detail = detail
        self._view = feature_view(table, detail)
        self.sentence = self._view.sentence

    def __repr__(self) -> str:
        return f"latent {self.detail.latent} of {self._name}: {self.sentence}"

    def page(self) -> str:
        """Write the whole HTML document; it needs no other file."""
        return render(
            "gallery_inline.html",
            parts=("gallery_index", "gallery_feature"),
            view=self._view,
            address=lambda _latent: "",
            picture=lambda view, name: data_uri(getattr(view, name).data, "webp"),
            split=self.table.split,
            n_classes=self.table.n_classes,
            run_name=self._name,
        )

    def _repr_html_(self) -> str:
        """A frame, so that neither the notebook's styles nor the page's reach the other."""
        return (
            f'<iframe title="{escape(repr(self))}" srcdoc="{escape(self.page())}" '
            f'style="width: 100%; height: {HEIGHT}px; border: 0"></iframe>'
        )
