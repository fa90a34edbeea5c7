from .channels_last_preprocessor import ChannelsLastPreprocessor

__all__ = ['ChannelsLastPreprocessor']
