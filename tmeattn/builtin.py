"""tmeattn's own plugin: the built-in models, datasets, word vectors, tokenizers and attribution methods."""

from __future__ import annotations

from tmeattn import DatasetSpec, ExplainerSpec, ModelSpec, TokenizerSpec, VectorsSpec, hookimpl


@hookimpl
def tmeattn_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name="mean",
            summary="Linear classifier of the mean of the word vectors: the baseline without attention",
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
            summary="LSTM with a linear classifier of its last state",
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
            summary="Blocks of self-attention with wide or narrow heads, positional encodings, and mean or CLS pooling",
            config="tmeattn.models.configs:TransformerConfig",
            build="tmeattn.models.transformer:build_transformer",
            attention="self",
            reference="report, part 2; Vaswani et al. 2017",
        ),
        ModelSpec(
            name="nb-logreg",
            summary="Logistic regression over n-grams with naive-Bayes weights: the baseline for every model",
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
            summary="25,000 IMDb reviews (the official training half), positive or negative; 20 % held out in blocks",
            load="tmeattn.data.builtin_datasets:imdb_25k",
        ),
        DatasetSpec(
            name="imdb",
            summary="IMDb as published: 25,000 reviews for training and 25,000 for testing",
            load="tmeattn.data.builtin_datasets:imdb",
        ),
        DatasetSpec(
            name="rotten-tomatoes",
            summary="8,530 sentences of film criticism, positive or negative; 20 % held out in blocks",
            load="tmeattn.data.builtin_datasets:rotten_tomatoes",
        ),
    ]


@hookimpl
def tmeattn_vectors() -> list[VectorsSpec]:
    return [
        VectorsSpec(
            name="glove-50d",
            summary="GloVe 6B: 400,000 words in 50 dimensions (Pennington et al. 2014)",
            load="tmeattn.data.vectors.pretrained:glove_50d",
            size=50,
        ),
        *(
            VectorsSpec(
                name=f"glove-{size}d",
                summary=f"GloVe 6B: 400,000 words in {size} dimensions",
                load=f"tmeattn.data.vectors.pretrained:glove_{size}d",
                size=size,
            )
            for size in (100, 200, 300)
        ),
    ]


@hookimpl
def tmeattn_tokenizers() -> list[TokenizerSpec]:
    return [
        TokenizerSpec(
            name="basic_english",
            summary="torchtext's basic_english: words at white space, and punctuation marks as words of their own",
            load="tmeattn.data.encoding.tokenizers:basic_english",
        ),
        TokenizerSpec(
            name="whitespace",
            summary="The lower-cased text, split at white space",
            load="tmeattn.data.encoding.tokenizers:whitespace",
            reference="report, part 1",
        ),
        TokenizerSpec(
            name="unicode",
            summary="Lower-cased words by the boundaries of Unicode, for every script; a Chinese character is a word",
            load="tmeattn.data.encoding.unicode_words:unicode",
            reference="UAX 29",
        ),
    ]


@hookimpl
def tmeattn_explainers() -> list[ExplainerSpec]:
    return [
        ExplainerSpec(
            name="attention",
            summary="The model's attention weights: pooling, or self-attention (of a layer and head, or the mean)",
            explain="tmeattn.explain.methods:attention",
            signed=False,
            needs_attention=True,
            selects_heads=True,
        ),
        ExplainerSpec(
            name="rollout",
            summary="Product of the self-attention maps of all layers, with residual connections",
            explain="tmeattn.explain.methods:rollout",
            signed=False,
            needs_attention=True,
            needs_maps=True,
            selects_heads=True,
            reference="Abnar and Zuidema 2020",
        ),
        ExplainerSpec(
            name="attention-x-value-norm",
            summary="Pooling weight of each word times the norm of the vector that is pooled",
            explain="tmeattn.explain.value_norms:attention_x_value_norm",
            signed=False,
            needs_attention=True,
            needs_pooling=True,
            needs_values=True,
            reference="Kobayashi et al. 2020, for pooling",
        ),
        ExplainerSpec(
            name="norm-weighted-attention",
            summary="Norm of the value vectors weighted by self-attention (of a layer and head, or of all heads)",
            explain="tmeattn.explain.value_norms:norm_weighted_attention",
            signed=False,
            needs_attention=True,
            needs_maps=True,
            needs_values=True,
            selects_heads=True,
            reference="Kobayashi et al. 2020",
        ),
        ExplainerSpec(
            name="gradient",
            summary="Norm of the gradient of the class's log-odds with respect to each word vector",
            explain="tmeattn.explain.gradients:gradient",
            signed=False,
            needs_embedding_gradient=True,
            reference="Li et al. 2016",
        ),
        ExplainerSpec(
            name="input-x-gradient",
            summary="Product of each word vector and the gradient of the class's log-odds",
            explain="tmeattn.explain.gradients:input_x_gradient",
            signed=True,
            needs_embedding_gradient=True,
            reference="Denil et al. 2014",
        ),
        ExplainerSpec(
            name="integrated-gradients",
            summary="Gradients between zero vectors and the word vectors; scores sum to the difference in log-odds",
            explain="tmeattn.explain.integrated_gradients:integrated_gradients",
            signed=True,
            needs_embedding_gradient=True,
            reference="Sundararajan et al. 2017",
        ),
        ExplainerSpec(
            name="leave-one-out",
            summary="Decrease of the class's log-odds when a word is left out; for every model",
            explain="tmeattn.explain.methods:leave_one_out",
            signed=True,
            reference="Li, Monroe and Jurafsky 2016",
        ),
        ExplainerSpec(
            name="lime",
            summary="Sparse linear model, fitted to samples that leave out about half of the words",
            explain="tmeattn.explain.lime:lime",
            signed=True,
            packages=("sklearn",),
            reference="Ribeiro et al. 2016",
        ),
        ExplainerSpec(
            name="random",
            summary="Control: random numbers, always the same for a text",
            explain="tmeattn.explain.methods:random",
            signed=False,
        ),
        ExplainerSpec(
            name="uniform",
            summary="Control: the same score for every word",
            explain="tmeattn.explain.methods:uniform",
            signed=False,
        ),
    ]
