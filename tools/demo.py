"""Open a page to try a model: drop a photograph, see class, map and box.

python tools/demo.py [CHECKPOINT]

prints the address to open. Only this machine can open the page, and neither
the page nor the server contacts another machine. The slider moves the
threshold of the map, which is computed only once for a photograph. Without a
checkpoint the model of ImageNet's 1000 classes is used. The page needs the
extra [demo].
"""

import os

from mmspg.utils.command_line import (
    add_model,
    add_shared,
    errors_in_one_line,
    read_arguments,
    tool_parser,
)

# Gradio's page names other hosts for fonts and scripts. This tells the browser
# to load nothing from them.
POLICY = (
    "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; "
    "connect-src 'self' data: blob: ws:"
)


def parse_args():
    parser = tool_parser(__doc__)
    add_model(parser, required=False)
    parser.add_argument(
        '--port',
        type=int,
        help='port of the page (default: 7860, or the next free port)',
    )
    add_shared(parser, '--device', '--input-size', '--allow-pickle')
    return read_arguments(parser)


def make_page(inferencer):
    """Make Gradio's page for a model."""
    import gradio as gr

    from mmspg.apis.inputs import load_inputs
    from mmspg.apis.results import draw_locations
    from mmspg.datasets.annotations.class_lists import unique_names
    from mmspg.evaluation.locate import locate
    from mmspg.visualization import LocalizationVisualizer

    protocol = inferencer.protocol
    visualizer = LocalizationVisualizer(palette=inferencer.palette)

    names = unique_names(inferencer.classes or ())

    def name_of(label):
        return names[label] if names else f'class {label}'

    def look(photograph):
        """Run the network, and keep what `show` needs for the slider."""
        if photograph is None:
            return None, None
        [(info, error)] = load_inputs([photograph])
        if error is not None:
            raise gr.Error(str(error))
        [sample] = inferencer(
            [photograph], return_datasamples=True, progress=False
        )
        scores = enumerate(sample.pred_score.tolist())
        return (
            (info['img'], sample.cpu()),
            {name_of(label): score for label, score in scores},
        )

    def show(seen, threshold):
        """Cut the map; give the picture, and the box in words."""
        if seen is None:
            return None, ''
        image, sample = seen
        found = locate(sample, threshold, **protocol.reading)
        picture = draw_locations(
            visualizer,
            image,
            sample,
            [found.label],
            inferencer.classes,
            protocol._replace(threshold=threshold),
        )
        return picture, f'{name_of(found.label)} {found.box.tolist()}'

    with gr.Blocks(title='mmspg', analytics_enabled=False) as page:
        seen = gr.State()
        with gr.Row():
            photograph = gr.Image(
                type='pil', image_mode=None, label='Photograph'
            )
            scores = gr.Label(num_top_classes=5, label='Classes')
        threshold = gr.Slider(
            0,
            1,
            protocol.threshold,
            step=0.01,
            label='Threshold of the map',
            info=f'{protocol.threshold:g} is where it starts: '
            f'{protocol.source}',
        )
        box = gr.Textbox(label='Box: x0, y0, x1, y1 in pixels')
        picture = gr.Image(
            format='png',
            show_label=False,  # it would cover the text
            buttons=['download', 'fullscreen'],  # not: share
        )
        photograph.change(look, photograph, [seen, scores]).then(
            show, [seen, threshold], [picture, box]
        )
        threshold.change(
            show,
            [seen, threshold],
            [picture, box],
            show_progress='hidden',
            trigger_mode='always_last',
        )
    return page


async def ask_nobody(request, call_next):
    """Forbid the browser to load from other hosts."""
    response = await call_next(request)
    response.headers['Content-Security-Policy'] = POLICY
    return response


def main():
    args = parse_args()
    os.environ['GRADIO_ANALYTICS_ENABLED'] = 'False'
    os.environ.setdefault('HF_HUB_OFFLINE', '1')
    with errors_in_one_line(args):
        try:
            import gradio as gr
        except ImportError as error:
            raise ImportError(
                f'{error}. Type: python -m pip install -e ".[demo]"'
            ) from error
        from starlette.middleware import Middleware
        from starlette.middleware.base import BaseHTTPMiddleware

        from mmspg.apis import LocalizationInferencer

        inferencer = LocalizationInferencer(
            args.config or args.checkpoint,
            (args.config and args.checkpoint) or True,
            args.device,
            input_size=args.input_size,
        )
        page = make_page(inferencer)
        page.launch(
            server_name='127.0.0.1',
            server_port=args.port,
            share=False,
            quiet=True,
            ssr_mode=False,
            footer_links=[],
            prevent_thread_lock=True,
            app_kwargs=dict(
                middleware=[Middleware(BaseHTTPMiddleware, ask_nobody)]
            ),
            theme=gr.themes.Base(font='system-ui', font_mono='monospace'),
        )
    print(f'Open {page.local_url} in a browser; Ctrl-C ends it.', flush=True)
    page.block_thread()


if __name__ == '__main__':
    main()
